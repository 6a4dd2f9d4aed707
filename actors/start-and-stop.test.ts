import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { ANY_EVENT, hostForTests } from './host-for-tests.ts';
import { type Clock, createActorSystem, MemoryServer, MemoryTransport, sleep, systemClock } from './mod.ts';

const machine = createMachine({ on: { x: { actions: () => {} } } });

function unstarted(clock: Clock, server = new MemoryServer({ clock: systemClock, partitions: 1 }), host = 'n9') {
  const membership = { joinMs: 20, sweepEveryMs: 100 };
  const transport = new MemoryTransport(server);
  return createActorSystem({ transport, clock, random: () => 0.7, host, membership });
}

test('a system that is stopped while it starts keeps no timer', async () => {
  const armed = new Set<object>();
  const clock: Clock = {
    nowMs: systemClock.nowMs,
    after(delayMs, fire) {
      const timer = systemClock.after(delayMs, () => {
        armed.delete(timer);
        fire();
      });
      armed.add(timer);
      return {
        cancel: () => {
          armed.delete(timer);
          timer.cancel();
        },
      };
    },
  };
  const system = unstarted(clock);
  system.register('c', { machine, version: 1, events: ANY_EVENT });
  const started = system.start();
  await system.stop();
  await started;
  await sleep(systemClock, 50);
  expect(armed.size).toBe(0);
});

test('a client that has a host’s name takes no partition from it when it stops', async () => {
  const server = new MemoryServer({ clock: systemClock, partitions: 8 });
  const [a, b] = [
    await hostForTests({ c: { machine } }, { server, host: 'a' }),
    await hostForTests({ c: { machine } }, { server, host: 'b' }),
  ];
  await expect.poll(() => a.system.hosts).toEqual(['a', 'b']);
  const client = unstarted(systemClock, server, 'b');
  await client.start();
  await client.stop();
  await sleep(systemClock, 5);
  expect(a.system.hosts).toEqual(['a', 'b']);
  await Promise.all([a.system.stop(), b.system.stop()]);
});

test('a question asked before the start is refused: its answer would not be heard', async () => {
  const asked = unstarted(systemClock).ask('c/1', { type: 'x' });
  await expect(asked).rejects.toMatchObject({ code: 'SYSTEM_STOPPED', message: expect.stringContaining('start()') });
});

test('a kind is registered once, and before the start', async () => {
  const { system } = await hostForTests({ c: { machine } });
  const kind = { machine, version: 1, events: ANY_EVENT };
  expect(() => system.register('d', kind)).toThrow(expect.objectContaining({ code: 'INVALID_SETTINGS' }));
  await system.stop();
  const other = unstarted(systemClock);
  other.register('c', kind);
  expect(() => other.register('c', kind)).toThrow(expect.objectContaining({ code: 'INVALID_SETTINGS' }));
});
