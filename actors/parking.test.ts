import { expect, test } from 'vitest';
import { assign, createMachine, setup } from 'xstate';
import { hostForTests } from './host-for-tests.ts';
import { MemoryServer, MemoryTransport, promiseActor, type StepCommit, sleep, systemClock } from './mod.ts';

let poisonous = true;
const guard = () => {
  if (poisonous) throw new Error('poison');
  return true;
};

test('an effect that ends while its actor is failing is not lost: it runs again, under its key, after the release', async () => {
  poisonous = true;
  const machine = setup({
    types: { context: {} as { out: string } },
    actors: { job: promiseActor<string, undefined>() },
  }).createMachine({
    context: { out: '' },
    initial: 'working',
    on: { poison: { guard, actions: () => {} } },
    states: {
      working: {
        invoke: { src: 'job', onDone: { target: 'done', actions: assign({ out: ({ event }) => event.output }) } },
      },
      done: {},
    },
  });
  const runs: { readonly key: string; readonly finish: (output: string) => void }[] = [];
  const job = (_: unknown, { key }: { key: string }) =>
    new Promise<string>((finish) => {
      runs.push({ key, finish });
    });
  const { system, status, context } = await hostForTests({ a: { machine, effects: { job } } });
  await system.spawn('a/1');
  await expect.poll(() => runs.length).toBe(1);
  await system.tell('a/1', { type: 'poison' });
  runs[0]?.finish('first');
  await expect.poll(() => status('a/1')).toBe('parked');
  poisonous = false;
  await system.release('a/1');
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.finish('second');
  await expect.poll(() => context('a/1')).toEqual({ out: 'second' });
  expect(runs[1]?.key).toBe(runs[0]?.key);
  await system.stop();
});

test('a short timer that is the poison itself comes again after the release', async () => {
  poisonous = true;
  class Slow extends MemoryTransport {
    override async commit(step: StepCommit): Promise<number> {
      await sleep(systemClock, 30);
      return super.commit(step);
    }
  }
  const machine = createMachine({
    initial: 'short',
    states: { short: { after: { 10: { target: 'done', guard } } }, done: {} },
  });
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const { system, status } = await hostForTests({ a: { machine } }, { server, transport: new Slow(server) });
  await system.spawn('a/1');
  await expect.poll(() => status('a/1')).toBe('parked');
  await sleep(systemClock, 50);
  poisonous = false;
  await system.release('a/1');
  await expect.poll(async () => (await system.inspect('a/1'))?.snapshot.value).toBe('done');
  await system.stop();
});

test('of a message that is stored twice while its actor is parked, both are done with after the release', async () => {
  poisonous = true;
  const machine = createMachine({ on: { poison: { guard, actions: () => {} }, x: { actions: () => {} } } });
  const { system, server, status } = await hostForTests({ a: { machine } });
  await system.tell('a/1', { type: 'poison' });
  await expect.poll(() => status('a/1')).toBe('parked');
  // As after a takeover, when an outbox is sent again.
  const again = { id: 'a/2>a/1#1048577', to: 'a/1' as never, from: 'a/2', sequence: 2 ** 20 + 1, event: { type: 'x' } };
  for (let copy = 0; copy < 3; copy += 1) server.deliver(again);
  await expect.poll(() => server.mailbox(0).size).toBe(4);
  poisonous = false;
  await system.release('a/1');
  await expect.poll(() => server.mailbox(0).size).toBe(0);
  const taken = (await system.history('a/1')).filter(({ cause }) => cause.event.type === 'x');
  expect(taken).toHaveLength(1);
  await system.stop();
});

test('the reason of parking says what the effect said that nobody handled', async () => {
  const machine = setup({ actors: { job: promiseActor<string, undefined>() } }).createMachine({
    initial: 'a',
    states: { a: { invoke: { src: 'job', onDone: 'b' } }, b: {} },
  });
  const job = () => Promise.reject(Object.assign(new Error('disk full'), { code: 'ENOSPC' }));
  const { system } = await hostForTests({ a: { machine, effects: { job } } });
  await system.spawn('a/1');
  await expect
    .poll(async () => (await system.inspect('a/1'))?.parked)
    .toEqual({ reason: 'disk full', code: 'ENOSPC', failures: 2 });
  await system.stop();
});
