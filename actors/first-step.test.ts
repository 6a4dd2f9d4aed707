import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { hostForTests } from './host-for-tests.ts';
import { spawnChild } from './mod.ts';

/** Cannot be made while `broken`. */
let broken = true;
const child = setup({ types: { context: {} as { count: number } } }).createMachine({
  context: ({ input }) => {
    if (input !== undefined && broken) throw new Error('bad input');
    return { count: 0 };
  },
  on: { add: { actions: assign({ count: ({ context }) => context.count + 1 }) } },
});
const boss = setup({ types: { context: {} as { heard: string[] } } }).createMachine({
  context: { heard: [] },
  on: {
    hire: { actions: spawnChild(() => ({ address: 'c/1' })) },
    'actor.*': {
      actions: assign({ heard: ({ context, event }) => [...context.heard, `${event.type} ${event.reason}`] }),
    },
  },
});

test.each(['park', 'stop', 'escalate'] as const)(
  'the supervisor of a child that fails in its first step is told (policy %s)',
  async (policy) => {
    broken = true;
    const { system, context } = await hostForTests({
      c: { machine: child, onError: { maxFailures: 2, policy } },
      boss: { machine: boss },
    });
    await system.tell('boss/1', { type: 'hire' });
    const told = { park: 'actor.parked', stop: 'actor.stopped', escalate: 'actor.escalated' }[policy];
    await expect.poll(() => context('boss/1')).toEqual({ heard: [`${told} bad input`] });
    expect((await system.inspect('c/1'))?.parent).toBe('boss/1');
    await system.stop();
  },
);

test('a child that parked in its first step is made when it is released, with its supervisor', async () => {
  broken = true;
  const { system, status, context } = await hostForTests({ c: { machine: child }, boss: { machine: boss } });
  await system.tell('boss/1', { type: 'hire' });
  await expect.poll(() => status('c/1')).toBe('parked');
  broken = false;
  await system.release('c/1');
  await system.tell('c/1', { type: 'add' });
  await expect.poll(() => context('c/1')).toEqual({ count: 1 });
  expect((await system.inspect('c/1'))?.parent).toBe('boss/1');
  await system.stop();
});

test('an ended actor that cannot be made again parks without its old life, and is made again once released', async () => {
  broken = false;
  const { system, status, context } = await hostForTests({ c: { machine: child } });
  await system.tell('c/1', { type: 'add' });
  await system.stopActor('c/1');
  await expect.poll(() => status('c/1')).toBe('stopped');
  broken = true;
  await system.spawn('c/1', {});
  await expect.poll(() => status('c/1')).toBe('parked');
  broken = false;
  await system.release('c/1');
  await expect.poll(() => context('c/1')).toEqual({ count: 0 });
  await system.stop();
});

test('an actor parked in its first step can be ended, stays ended, and can be made again', async () => {
  broken = true;
  const { system, status } = await hostForTests({ c: { machine: child } });
  await system.spawn('c/1', {});
  await expect.poll(() => status('c/1')).toBe('parked');
  await system.stopActor('c/1');
  await expect.poll(() => status('c/1')).toBe('stopped');
  await system.tell('c/1', { type: 'add' });
  await expect.poll(async () => (await system.inspect('c/1'))?.reason).toBe('the actor is stopped');
  broken = false;
  await system.spawn('c/1', {});
  await expect.poll(() => status('c/1')).toBe('active');
  await system.stop();
});
