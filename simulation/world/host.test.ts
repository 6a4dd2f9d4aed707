import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeId } from '#machines';
import { Agents } from './agents.ts';
import { testWorld } from './test-world.ts';

test('each host has a monotonic clock of its own, with a rate of its own', async () => {
  const { host, pass } = testWorld(['n1', 'n2'], [1.02, 0.98]);
  const [a, b] = [host('n1').startProcess().clock, host('n2').startProcess().clock];
  await pass(10_000);
  expect(a.nowMs() - 1000).toBeCloseTo(10_200, 3);
  expect(b.nowMs() - 1000).toBeCloseTo(9800, 3);
});

test('a timer never fires early by its own clock, also when the rate changes meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 0.9, max: 1.1, noNaN: true }), { maxLength: 5 }), async (rates) => {
      const { host, pass } = testWorld(['n1'], [1.1]);
      const { clock } = host('n1').startProcess();
      const dueMs = clock.nowMs() + 1000;
      let firedMs = 0;
      clock.after(1000, () => {
        firedMs = clock.nowMs();
      });
      for (const rate of rates) {
        await pass(150);
        host('n1').clock.setRate(rate);
      }
      await pass(2000);
      expect(firedMs).toBeGreaterThanOrEqual(dueMs - 0.01);
    }),
    { numRuns: 30 },
  );
});

test('a wall clock that jumps moves no monotonic clock', async () => {
  const { host, pass } = testWorld(['n1']);
  host('n1').wallOffsetMs += 86_400_000;
  await pass(1000);
  expect(host('n1').startProcess().clock.nowMs()).toBe(2000);
});

test('in a stall of the host nothing runs, afterwards everything that waited does, in order', async () => {
  const { host, pass } = testWorld(['n1']);
  const seen: string[] = [];
  const { clock } = host('n1').startProcess();
  clock.after(100, () => seen.push('a'));
  clock.after(200, () => seen.push('b'));
  host('n1').pause();
  await pass(1000);
  expect(seen).toEqual([]);
  host('n1').resume();
  await pass(1);
  expect(seen).toEqual(['a', 'b']);
});

test('a stall of the agent alone leaves its host alive', async () => {
  const { host, pass } = testWorld(['n1']);
  const seen: string[] = [];
  const process = host('n1').startProcess();
  process.clock.after(100, () => seen.push('agent'));
  process.stall();
  await pass(1000);
  expect([seen, host('n1').alive]).toEqual([[], true]);
  process.unstall();
  await pass(1);
  expect(seen).toEqual(['agent']);
});

test('a dead process hears nothing any more', async () => {
  const { host, pass } = testWorld(['n1']);
  const { clock } = host('n1').startProcess();
  clock.after(100, () => expect.unreachable());
  host('n1').killProcess();
  await pass(1000);
});

test('an agent dies at the crash point it was planned for, at that pass and no other', async () => {
  const { host, pass } = testWorld(['n1']);
  const deaths: number[] = [];
  const agents = new Agents(() => expect.unreachable());
  let passed = 0;
  agents.start(host('n1'), (process) => ({
    start: async () => {
      for (let i = 1; i <= 5; i += 1) {
        process.clock.after(i * 10, () => {
          passed = i;
          process.reach('storage');
        });
      }
    },
    stop: async () => {},
    kill: () => deaths.push(passed),
    shutdownHost: async () => {},
  }));
  agents.crashAt(nodeId('n1'), 'storage', 3, () => {});
  await pass(1000);
  expect(deaths).toEqual([3]);
  expect(host('n1').process).toBeUndefined();
});
