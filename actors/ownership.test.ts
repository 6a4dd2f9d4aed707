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
  /** Looks at any partition that were under way at once, at most. */
  mostInAll = 0;
  counting = false;
  failed = 0;
  #inAll = 0;
  readonly #under = new Map<number, number>();

  override async sweep(partition: number): Promise<readonly JournalEntry[]> {
    if (!this.cut) return await super.sweep(partition);
    const now = (this.#under.get(partition) ?? 0) + 1;
    this.#under.set(partition, now);
    this.most = Math.max(this.most, now);
    this.#inAll += 1;
    if (this.counting) this.mostInAll = Math.max(this.mostInAll, this.#inAll);
    await wait(30);
    this.#inAll -= 1;
    this.failed += 1;
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

test('once it knows that it is cut off, one look tries for all; when that gets through the others follow', async () => {
  const transport = new CutTransport(new MemoryServer({ clock: systemClock, partitions: 16 }));
  const alerts: string[] = [];
  const system = createActorSystem({
    ...{ transport, clock: systemClock, random: () => 0.5, host: 'n1' },
    membership: { joinMs: 1, sweepEveryMs: 10_000 },
    limits: { unavailable: { firstMs: 1, maxMs: 1 } },
    onAlert: ({ code }) => alerts.push(code),
  });
  system.register('idle', { machine: createMachine({}), version: 1, events: z.object({ type: z.string() }) });
  transport.cut = true;
  const started = system.start();
  // The first looks, at all partitions at once.
  await expect.poll(() => transport.failed, { interval: 1 }).toBeGreaterThanOrEqual(16);
  transport.counting = true;
  await wait(150);
  expect(transport.mostInAll).toBe(1);
  expect(alerts.every((code) => code === 'TRANSPORT_UNAVAILABLE')).toBe(true);
  expect(alerts.length).toBeLessThan(4);
  transport.cut = false;
  await started;
  await system.stop();
});
