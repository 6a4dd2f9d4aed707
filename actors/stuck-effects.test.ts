import { expect, test } from 'vitest';
import { createMachine, setup } from 'xstate';
import { hostForTests } from './host-for-tests.ts';
import { promiseActor } from './mod.ts';

/** Each runs until its test ends it, whatever is aborted. */
function stubborn() {
  const runs: { readonly key: string; readonly end: (output: string) => void }[] = [];
  const job = (_: unknown, { key }: { key: string }) =>
    new Promise<string>((end) => {
      runs.push({ key, end });
    });
  return { runs, job };
}

const flipping = setup({ actors: { job: promiseActor<string, undefined>() } }).createMachine({
  initial: 'off',
  on: { poison: { guard: () => Boolean(JSON.parse('no JSON')) } },
  states: { off: { on: { flip: 'on' } }, on: { invoke: { src: 'job' }, on: { flip: 'off' } } },
});

test('an effect that ignores its abort loses its place after a grace; that and its late result go on record', async () => {
  const { runs, job } = stubborn();
  const limits = { effectsInFlight: 1, abortGraceMs: 20 };
  const { system, alerts } = await hostForTests({ a: { machine: flipping, effects: { job } } }, { limits });
  for (let i = 0; i < 3; i += 1) await system.tell('a/1', { type: 'flip' });
  await expect.poll(() => runs.length).toBe(2);
  expect(alerts).toMatchObject([
    { code: 'EFFECT_STUCK', address: 'a/1', text: expect.stringMatching(/job goes on 20 ms/) },
  ]);
  const stale = async () =>
    (await system.history('a/1')).filter(({ outcome }) => outcome === 'stale').map(({ cause }) => cause);
  expect(await stale()).toMatchObject([{ from: runs[0]?.key, event: { error: { code: 'EFFECT_STUCK' } } }]);
  runs[0]?.end('late');
  await expect.poll(async () => (await stale())[1]).toMatchObject({ from: runs[0]?.key, event: { output: 'late' } });
  expect((await system.inspect('a/1'))?.snapshot.value, 'nothing but the record came of it').toBe('on');
  await system.stop();
});

test('so does one that was aborted because its actor was parked, and it runs again after the release', async () => {
  const { runs, job } = stubborn();
  const limits = { effectsInFlight: 1, abortGraceMs: 20 };
  const { system, alerts, status } = await hostForTests({ a: { machine: flipping, effects: { job } } }, { limits });
  await system.tell('a/1', { type: 'flip' });
  await expect.poll(() => runs.length).toBe(1);
  await system.tell('a/1', { type: 'poison' });
  await expect.poll(() => status('a/1')).toBe('parked');
  await expect.poll(() => alerts.filter(({ code }) => code === 'EFFECT_STUCK').length).toBe(1);
  await system.release('a/1');
  await expect.poll(() => runs.map(({ key }) => key)).toEqual([runs[0]?.key, runs[0]?.key]);
  await system.stop();
});

test('one that ends within the grace is no matter for an alert', async () => {
  const { runs, job } = stubborn();
  const limits = { effectsInFlight: 1, abortGraceMs: 60 };
  const { system, alerts } = await hostForTests({ a: { machine: flipping, effects: { job } } }, { limits });
  for (let i = 0; i < 3; i += 1) await system.tell('a/1', { type: 'flip' });
  await expect.poll(() => runs.length).toBe(1);
  runs[0]?.end('soon');
  await expect.poll(() => runs.length).toBe(2);
  await system.tell('a/1', { type: 'flip' });
  runs[1]?.end('soon');
  await system.spawn('a/2');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(alerts).toEqual([]);
  await system.stop();
});

test('an actor stays in memory as long as a result may come that goes on record', async () => {
  const { runs, job } = stubborn();
  const { system } = await hostForTests(
    { a: { machine: flipping, effects: { job } }, b: { machine: createMachine({}) } },
    { limits: { idleMs: 20 }, membership: { joinMs: 1, sweepEveryMs: 20 } },
  );
  for (let i = 0; i < 2; i += 1) await system.tell('a/1', { type: 'flip' });
  await system.spawn('b/1');
  await expect.poll(() => system.activeActors).toBe(2);
  await expect.poll(() => system.activeActors).toBe(1);
  runs[0]?.end('late');
  await expect.poll(async () => (await system.inspect('a/1'))?.outcome).toBe('stale');
  await expect.poll(() => system.activeActors).toBe(0);
  await system.stop();
});
