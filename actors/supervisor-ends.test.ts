import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { emptyState } from './actor-state.ts';
import { CYCLE_POINTS } from './crash-scenario.ts';
import { ANY_EVENT, hostForTests } from './host-for-tests.ts';
import {
  type Address,
  type CyclePoint,
  effect,
  MemoryServer,
  type SpawnIntent,
  spawnChild,
  stopChild,
  systemClock,
} from './mod.ts';
import type { Kind } from './registration.ts';
import { runStep } from './step.ts';

/** Spawns what it is told to, and its own child with it if there are levels left; ends in three ways. */
const machine = setup({
  types: { input: {} as { address: string; below?: number }, context: {} as { address: string; below: number } },
}).createMachine({
  context: ({ input }) => ({ address: input?.address ?? '', below: input?.below ?? 0 }),
  initial: 'on',
  states: {
    on: {
      entry: spawnChild(({ context }) =>
        context.below === 0 ? [] : { address: `${context.address}x`, input: { below: context.below - 1 } },
      ),
      on: {
        hire: { actions: spawnChild(({ event }) => event.children as SpawnIntent[]) },
        'hire and end': { target: 'off', actions: spawnChild(({ event }) => event.children as SpawnIntent[]) },
        fire: { actions: stopChild(({ event }) => event.child as string) },
        work: { actions: effect(() => ({ run: 'job' })) },
        poison: {
          guard: () => {
            throw new Error('poison');
          },
        },
        end: 'off',
      },
    },
    off: { type: 'final' },
  },
});

function job(_: unknown, { signal }: { signal: AbortSignal }): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });
}

async function office(more: Parameters<typeof hostForTests>[1] = {}) {
  const aborted: string[] = [];
  const watched = (input: unknown, scope: { signal: AbortSignal; address: string }) => {
    scope.signal.addEventListener('abort', () => aborted.push(scope.address));
    return job(input, scope);
  };
  const stops = { machine, onError: { maxFailures: 1, policy: 'stop' as const } };
  const found = await hostForTests({ a: { machine, effects: { job: watched } }, stops }, more);
  const { system, status } = found;
  const hired = async (boss: string, ...children: (string | SpawnIntent)[]) => {
    const list = children.map((each) => (typeof each === 'string' ? { address: each } : each));
    await system.tell(boss, { type: 'hire', children: list });
    for (const { address } of list) await expect.poll(() => status(address)).toBe('active');
  };
  const childrenOf = async (boss: string) => Object.keys((await system.inspect(boss))?.children ?? {});
  return { ...found, aborted, hired, childrenOf };
}

for (const [how, ends] of [
  ['reaches its final state', (system) => system.tell('a/boss', { type: 'end' })],
  ['is stopped', (system) => system.stopActor('a/boss')],
] as const satisfies readonly [string, (system: Awaited<ReturnType<typeof office>>['system']) => Promise<void>][]) {
  test(`when a supervisor ${how}, all below it are stopped with it, parked ones too, and their effects end`, async () => {
    const { system, status, aborted, hired } = await office();
    await hired('a/boss', { address: 'a/1', input: { below: 2 } }, 'a/2');
    await expect.poll(() => status('a/1xx')).toBe('active');
    await system.tell('a/1xx', { type: 'work' });
    await system.tell('a/2', { type: 'poison' });
    await expect.poll(() => status('a/2')).toBe('parked');
    await system.tell('a/other', { type: 'work' });
    await ends(system);
    for (const child of ['a/1', 'a/1x', 'a/1xx', 'a/2']) await expect.poll(() => status(child)).toBe('stopped');
    expect(aborted).toEqual(['a/1xx']);
    expect(await status('a/other')).toBe('active');
    await system.stop();
  });
}

test('so are those of a supervisor that its policy ends', async () => {
  const { system, status, hired } = await office();
  await hired('stops/boss', 'a/1');
  await system.tell('stops/boss', { type: 'poison' });
  await expect.poll(() => status('a/1')).toBe('stopped');
  await system.stop();
});

test('a child that may outlive its supervisor does', async () => {
  const { system, status, hired } = await office();
  await hired('a/boss', { address: 'a/1', outlives: true }, 'a/2');
  await system.tell('a/boss', { type: 'end' });
  await expect.poll(() => status('a/2')).toBe('stopped');
  expect(await status('a/1')).toBe('active');
  await system.stop();
});

test('a child that a supervisor asks for while it ends is not left alive', async () => {
  const { system, history } = await office().then((found) => ({
    ...found,
    history: async (of: string) => (await found.system.history(of)).map(({ outcome, status }) => [outcome, status]),
  }));
  await system.tell('a/boss', { type: 'hire and end', children: [{ address: 'a/1' }] });
  await expect.poll(async () => (await history('a/1')).length).toBe(2);
  expect((await system.inspect('a/1'))?.unborn === true || (await system.inspect('a/1'))?.status === 'stopped').toBe(
    true,
  );
  await system.stop();
});

test('whoever ended before, was fired, or has another supervisor, is let be', async () => {
  const { system, status, hired, childrenOf } = await office();
  await hired('a/boss', 'a/1', 'a/2', 'a/3');
  expect(await childrenOf('a/boss')).toEqual(['a/1', 'a/2', 'a/3']);
  await system.tell('a/1', { type: 'end' });
  await system.tell('a/boss', { type: 'fire', child: 'a/2' });
  await expect.poll(() => childrenOf('a/boss')).toEqual(['a/3']);
  await hired('a/new', 'a/2');
  await system.tell('a/boss', { type: 'hire', children: [{ address: 'a/2' }] });
  await expect.poll(async () => (await system.inspect('a/boss'))?.cause.event.type).toBe('actor.refused');
  await system.tell('a/boss', { type: 'end' });
  await expect.poll(() => status('a/3')).toBe('stopped');
  expect([await status('a/1'), await status('a/2')]).toEqual(['done', 'active']);
  await system.stop();
});

test('a supervisor hears of a child that somebody else stops, and of none that it stops itself', async () => {
  const { system, status, hired, childrenOf } = await office();
  await hired('a/boss', 'a/1', 'a/2');
  await system.tell('a/boss', { type: 'fire', child: 'a/1' });
  await expect.poll(() => status('a/1')).toBe('stopped');
  await system.stopActor('a/2');
  await expect
    .poll(async () => (await system.inspect('a/boss'))?.cause.event)
    .toMatchObject({ type: 'actor.stopped', address: 'a/2', code: 'STOPPED', reason: 'it was stopped by external:n1' });
  expect(await childrenOf('a/boss')).toEqual([]);
  const heard = (await system.history('a/boss')).filter(({ cause }) => cause.event.type === 'actor.stopped');
  expect(heard).toHaveLength(1);
  await system.stop();
});

test('an actor does not end with one that supervises it no more', () => {
  const kind: Kind = {
    ...{ name: 'a', machine, version: 1, events: ANY_EVENT, effects: {} },
    onError: { maxFailures: 1, policy: 'park' },
  };
  const state = emptyState();
  const take = (from: string, event: { type: string }, position: number) => {
    const cause = { kind: 'message' as const, from, event };
    return runStep({ kind, address: 'a/1' as Address, state, cause, nowMs: 0, position }).outcome;
  };
  expect(take('a/new', { type: 'actor.spawn', parent: 'a/new' } as { type: string }, 1)).toBe('handled');
  const ended = { type: 'actor.stop', supervisor: 'a/old' };
  expect(take('a/old', ended, 2)).toBe('dropped');
  expect([state.status, state.endedUpTo]).toEqual(['active', 0]);
  expect(take('a/new', { type: 'actor.stop', supervisor: 'a/new' } as { type: string }, 3)).toBe('handled');
  expect(take('a/old', { type: 'actor.spawn', parent: 'a/old' } as { type: string }, 4)).toBe('handled');
  expect(take('a/old', { type: 'end' }, 5)).toBe('handled');
  // It ended before that came: what its supervisor had asked for before must not make it again.
  expect(take('a/old', ended, 7)).toBe('dropped');
  expect(state.status).toBe('done');
  expect(take('a/old', { type: 'actor.spawn', parent: 'a/old' } as { type: string }, 6)).toBe('dropped');
});

test('what a child of an earlier spawn says, or is told, is not taken for the later one', () => {
  const kind: Kind = {
    ...{ name: 'a', machine, version: 1, events: ANY_EVENT, effects: {} },
    onError: { maxFailures: 1, policy: 'park' },
  };
  let position = 0;
  const actor = (address: string) => {
    const state = emptyState();
    const take = (from: string, event: { readonly type: string; readonly [key: string]: unknown }) => {
      const cause = { kind: 'message' as const, from, event };
      position += 1;
      return runStep({ kind, address: address as Address, state, cause, nowMs: 0, position });
    };
    return { state, take };
  };
  const [boss, child] = [actor('a/boss'), actor('a/1')];
  const hire = () => boss.take('external:x', { type: 'hire', children: [{ address: 'a/1' }] }).tells[0]?.event;
  const [first, second] = [hire(), hire()];
  child.take('a/other', { type: 'actor.spawn', parent: 'a/other', spawned: 1 });
  const refused = child.take('a/boss', first ?? { type: '' }).tells[0]?.event;
  expect(refused).toMatchObject({ type: 'actor.refused', code: 'ALREADY_EXISTS' });
  child.take('a/other', { type: 'actor.stop' });
  expect(child.take('a/boss', second ?? { type: '' }).outcome).toBe('handled');
  boss.take('a/1', refused ?? { type: '' });
  expect([...boss.state.children.keys()], 'the second spawn succeeded').toEqual(['a/1']);
  const [end] = boss.take('external:x', { type: 'end' }).tells;
  boss.take('external:x', { type: 'actor.spawn' });
  const third = hire() ?? { type: '' };
  expect(child.take('a/boss', third).outcome, 'it is alive').toBe('dropped');
  expect(child.take('a/boss', end?.event ?? { type: '' }).outcome, 'it was asked for once more').toBe('dropped');
  const done = child.take('external:x', { type: 'end' }).tells[0]?.event ?? { type: '' };
  boss.take('a/1', done);
  expect([...boss.state.children.keys()]).toEqual([]);
});

test('an actor supervises no more than its limit, and can still end when it sends as much as it may', async () => {
  const { system, status } = await office({ limits: { children: 3, tellsPerStep: 3 } });
  const children = (count: number) => Array.from({ length: count }, (_, i) => ({ address: `a/${i}` }));
  await system.tell('a/boss', { type: 'hire', children: children(3) });
  await expect.poll(() => status('a/2')).toBe('active');
  await system.tell('a/boss', { type: 'hire', children: [{ address: 'a/9' }] });
  await expect.poll(async () => (await system.inspect('a/boss'))?.parked?.code).toBe('TOO_MANY_CHILDREN');
  await system.stopActor('a/boss');
  for (const { address } of children(3)) await expect.poll(() => status(address)).toBe('stopped');
  expect(await status('a/9')).toBeUndefined();
  const outliving = { type: 'hire and end', children: children(3).map((each) => ({ ...each, outlives: true })) };
  await system.tell('a/next', outliving);
  await expect.poll(() => status('a/next')).toBe('done');
  await system.stop();
});

for (const atomicOutgoing of [true, false]) {
  test(`a host killed at any point while a supervisor ends leaves no child alive (atomic outgoing: ${atomicOutgoing})`, async () => {
    const run = async (point: CyclePoint, nth: number) => {
      const server = new MemoryServer({ clock: systemClock, partitions: 4, atomicOutgoing });
      let armed = false;
      let reached = 0;
      const kill = (at: CyclePoint) => {
        if (!armed || at !== point || ++reached !== nth) return;
        first.system.kill();
      };
      const membership = { joinMs: 5, aliveEveryMs: 20, deadAfterMs: 150 };
      const first = await office({ server, membership, onCyclePoint: kill });
      await first.hired('a/boss', { address: 'a/1', input: { below: 1 } }, { address: 'a/2', input: { below: 1 } });
      const all = ['a/1', 'a/1x', 'a/2', 'a/2x'];
      for (const child of all) await expect.poll(() => first.status(child)).toBe('active');
      armed = true;
      await first.system.tell('a/boss', { type: 'hire and end', children: [{ address: 'a/3' }] });
      const second = await office({ server, membership, host: 'n2' });
      for (const child of all) {
        await expect.poll(() => second.status(child), { message: `${child} after ${point} ${nth}` }).toBe('stopped');
      }
      await expect.poll(async () => (await second.system.history('a/3')).length).toBeGreaterThan(1);
      expect((await second.system.inspect('a/3'))?.unborn === true || (await second.status('a/3')) === 'stopped').toBe(
        true,
      );
      expect(reached, 'the host was not killed').toBeGreaterThanOrEqual(nth);
      await Promise.all([first.system.stop(), second.system.stop()]);
    };
    await Promise.all(CYCLE_POINTS.flatMap((point) => [1, 2, 4].map((nth) => run(point, nth))));
  }, 30_000);
}
