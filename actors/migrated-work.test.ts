import { expect, test } from 'vitest';
import { type AnyStateMachine, createMachine, setup } from 'xstate';
import { hostForTests } from './host-for-tests.ts';
import { MemoryServer, promiseActor, systemClock } from './mod.ts';

const job = promiseActor<string, { n: number }>();
const never = () => new Promise(() => {});

/** An actor of `old`, whose host dies. */
async function stored(old: AnyStateMachine) {
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const { system } = await hostForTests({ a: { machine: old, effects: { job: never } } }, { server });
  await system.spawn('a/1');
  await expect.poll(() => system.inspect('a/1')).toBeDefined();
  system.kill();
  return server;
}

const resting = createMachine({ initial: 'resting', states: { resting: { on: { x: { actions: () => {} } } } } });

test('what an old state waited for ends with the migration out of it', async () => {
  const old = setup({ actors: { job } }).createMachine({
    initial: 'asking',
    states: { asking: { invoke: { src: 'job', input: { n: 1 } }, after: { 60000: 'late' } }, late: {} },
  });
  const server = await stored(old);
  const kind = { machine: resting, version: 2, migrate: (was: object) => ({ ...was, value: 'resting' }) as never };
  const { system, alerts } = await hostForTests({ a: kind }, { server, host: 'n2' });
  await system.tell('a/1', { type: 'x' });
  await expect
    .poll(() => system.inspect('a/1'))
    .toMatchObject({ version: 2, status: 'active', effects: [], timers: [] });
  expect(alerts).toEqual([]);
  await system.stop();
});

test('an actor that is migrated into a state with `after` and `invoke` gets both, without a message', async () => {
  const server = await stored(resting);
  const inputs: unknown[] = [];
  const machine = setup({ actors: { job }, delays: { soon: () => 20 } }).createMachine({
    initial: 'busy',
    context: { n: 7 },
    states: {
      busy: { invoke: { src: 'job', input: ({ context }) => ({ n: context.n }) }, after: { soon: 'done' } },
      done: {},
    },
  });
  const migrate = (was: object) => ({ ...was, value: 'busy', context: { n: 7 } }) as never;
  const effects = {
    job: (input: unknown) => {
      inputs.push(input);
      return never();
    },
  };
  const { system } = await hostForTests({ a: { machine, version: 2, migrate, effects } }, { server, host: 'n2' });
  await expect
    .poll(() => system.inspect('a/1'))
    .toMatchObject({ version: 2, snapshot: { value: 'done' }, effects: [] });
  expect(inputs).toEqual([{ n: 7 }]);
  await system.stop();
});

test('what both versions wait for goes on: an effect keeps its key, a timer its time', async () => {
  const waiting = (name: string) =>
    setup({ actors: { job } }).createMachine({
      id: 'm',
      initial: 'busy',
      states: {
        busy: { invoke: { src: 'job', input: { n: 1 } }, after: { 60000: name }, on: { x: { actions: () => {} } } },
        [name]: {},
      },
    });
  const server = await stored(waiting('done'));
  const before = JSON.parse(server.latest('a/1' as never)?.body ?? '{}');
  const kind = {
    machine: waiting('ended'),
    version: 2,
    migrate: (was: object) => was as never,
    effects: { job: never },
  };
  const { system } = await hostForTests({ a: kind }, { server, host: 'n2' });
  await system.tell('a/1', { type: 'x' });
  await expect.poll(async () => (await system.inspect('a/1'))?.version).toBe(2);
  const after = await system.inspect('a/1');
  expect(after?.effects).toEqual(before.effects);
  expect(after?.timers).toMatchObject([{ id: before.timers[0].id, armed: before.timers[0].armed }]);
  await system.stop();
});
