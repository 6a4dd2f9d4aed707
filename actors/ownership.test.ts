import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { z } from 'zod';
import {
  createActorSystem,
  type JournalEntry,
  MemoryServer,
  MemoryTransport,
  systemClock,
  TransportUnavailable,
} from './mod.ts';

/** Messaging that stops answering when told, and counts who waits for it. */
class CutTransport extends MemoryTransport {
  cut = false;
  most = 0;
  readonly #under = new Map<number, number>();

  override async sweep(partition: number): Promise<readonly JournalEntry[]> {
    if (!this.cut) return await super.sweep(partition);
    const now = (this.#under.get(partition) ?? 0) + 1;
    this.#under.set(partition, now);
    this.most = Math.max(this.most, now);
    await wait(30);
    this.#under.set(partition, now - 1);
    throw new TransportUnavailable('cut off');
  }
}

test('a host cut off from messaging looks at each partition once at a time, however long it lasts', async () => {
  const transport = new CutTransport(new MemoryServer({ clock: systemClock, partitions: 4 }));
  const system = createActorSystem({
    ...{ transport, clock: systemClock, random: () => 0.5, host: 'n1' },
    membership: { joinMs: 1, sweepEveryMs: 10 },
    limits: { unavailable: { firstMs: 1, maxMs: 1 } },
  });
  system.register('idle', { machine: createMachine({}), version: 1, events: z.object({ type: z.string() }) });
  await system.start();
  transport.cut = true;
  await wait(300);
  await system.stop();
  expect(transport.most).toBe(1);
});
