import { describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { z } from 'zod';
import { createActorSystem, systemClock } from '#actors';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

const DELAY_MS = 3_000;
const machine = setup({ types: { events: {} as { type: 'wait' } } }).createMachine({
  initial: 'idle',
  states: { idle: { on: { wait: 'waiting' } }, waiting: { after: { [DELAY_MS]: 'done' } }, done: {} },
});

// One server, and the schedules themselves: in the contract of the transports.
describe('timers kept by three servers', () => {
  const nats = serversForTests(3);

  test('a takeover does not begin the wait again; nothing comes early', async () => {
    const host = async (name: string) => {
      const transport = await connectJetStream({ servers: nats.urls, name, stream: 'timers', partitions: 4 });
      expect(transport.schedules).toBe(true);
      const system = createActorSystem({
        ...{ transport, clock: systemClock, random: Math.random, host: name },
        membership: { joinMs: 20, aliveEveryMs: 50, deadAfterMs: 200 },
        limits: { scheduledFromMs: 1_000 },
      });
      system.register('a', { machine, version: 1, events: z.object({ type: z.literal('wait') }) });
      await system.start();
      return { system, transport };
    };
    const first = await host('n1');
    const ids = Array.from({ length: 20 }, (_, i) => `a/${i}`);
    const sentMs = performance.now();
    await Promise.all(ids.map((id) => first.system.tell(id, { type: 'wait' })));
    const values = async () => Promise.all(ids.map(async (id) => (await first.system.inspect(id))?.snapshot.value));
    await expect.poll(async () => new Set(await values())).toEqual(new Set(['waiting']));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const deathMs = performance.now() - sentMs;
    first.system.kill();
    const second = await host('n2');
    const endedMs = new Map<string, number>();
    await second.system.watch(['a'], (step) => {
      if (step.snapshot.value === 'done') endedMs.set(step.address, performance.now() - sentMs);
    });
    await expect.poll(() => endedMs.size, { timeout: 20_000 }).toBe(ids.length);
    for (const ms of endedMs.values()) {
      expect(ms).toBeGreaterThanOrEqual(DELAY_MS);
      // Begun again in full it would be the time before the death more.
      expect(ms).toBeLessThan(deathMs + DELAY_MS);
    }
    expect((await second.system.history('a/0')).filter((step) => step.cause.kind === 'timer')).toHaveLength(1);
    await second.system.stop();
    await Promise.all([first.transport.close(), second.transport.close()]);
  });
});
