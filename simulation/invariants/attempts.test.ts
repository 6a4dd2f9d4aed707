import { expect, test } from 'vitest';
import type { JournalEntry } from '#actors';
import { checkScenario } from '../scenario/mod.ts';
import type { World } from '../world/world.ts';
import { attemptsAndWaits } from './attempts.ts';

const scenario = checkScenario({ name: 's', nodes: [{ name: 'n1' }], until: 1 }, 's');
const B5 = [...Array(5).fill(10), ...Array(5).fill(60), ...Array(3).fill(100)] as readonly number[];

/** A VM's actor as the invariant sees it. `attempt`: what it counts itself, which must not matter. */
function actor() {
  const found: string[] = [];
  let nowSeconds = 100;
  let job = 1;
  const watcher = attemptsAndWaits({
    scenario,
    nowSeconds: () => nowSeconds,
    violate: (_invariant, why) => found.push(why),
    world: () => ({}) as World, // it does not look at it
  });
  const commit = (value: string, kind: string, event: object = { type: kind }) => {
    const body = JSON.stringify({ snapshot: { value, context: { attempt: 1 } }, cause: { kind, event } });
    watcher.committed?.({ address: 'vm/vm-1', sequence: 1, commitId: `${nowSeconds}`, body } as JournalEntry);
  };
  commit('recovering', 'message', { type: 'hostDown' });
  const actor = {
    found,
    told: (state: string, type: string) => commit(state, 'message', { type }),
    /** `onItsWaySeconds`: from the job's step to the VM's. */
    fails: (code = 'NO_ROOM', state = 'waiting', onItsWaySeconds = 0) => {
      const body = JSON.stringify({ tells: [{ to: 'vm/vm-1', type: 'jobFailed' }] });
      watcher.committed?.({ address: `job/vm-1-${job}`, sequence: 1, commitId: `job ${job}`, body } as JournalEntry);
      nowSeconds += onItsWaySeconds;
      commit(state, 'message', { type: 'jobFailed', job: `job/vm-1-${job}`, code });
      job += 1;
    },
    waits: (seconds: number, state = 'recovering') => {
      nowSeconds += seconds;
      commit(state, 'timer');
    },
    plays: (waits: readonly number[]) => {
      for (const wait of waits) {
        actor.fails();
        actor.waits(wait);
      }
      return found;
    },
  };
  return actor;
}

test('thirteen attempts with the waits of B5, then it is given up', () => {
  expect(B5.reduce((sum, wait) => sum + wait, 0)).toBe(650);
  const vm = actor();
  vm.plays(B5.slice(0, -1));
  vm.fails();
  vm.waits(100, 'failed');
  expect(vm.found).toEqual([]);
});

test('nor does a step that was long on its way to the journal break it', () => {
  const vm = actor();
  vm.fails('NO_ROOM', 'waiting', 3);
  vm.waits(7);
  expect(vm.found).toEqual([]);
});

test('a fourteenth attempt breaks it', () => {
  expect(actor().plays([...B5, 100])[0]).toBe('vm-1 was tried 14 times in vain');
});

test.each([1, 6, 11])('a wait that is cut short after attempt %d breaks it', (attempt) => {
  expect(actor().plays(B5.with(attempt - 1, 5))).toEqual([
    `vm-1 waited 5.0 s after attempt ${attempt}, not ${B5[attempt - 1]} s`,
  ]);
});

test('one that is given up after six attempts breaks it, whatever its actor counts', () => {
  const vm = actor();
  vm.plays(B5.slice(0, 5));
  vm.fails();
  vm.waits(60, 'failed');
  expect(vm.found).toEqual(['vm-1 was given up after 6 attempts, not 13']);
});

test('room that appears ends a wait, and counts no attempt anew', () => {
  const vm = actor();
  vm.plays(B5.slice(0, 5));
  vm.fails();
  vm.told('recovering', 'capacity');
  expect(vm.found).toEqual([]);
  vm.fails();
  vm.waits(10);
  expect(vm.found).toEqual(['vm-1 waited 10.0 s after attempt 7, not 60 s']);
});

test('nothing but room and time ends a wait', () => {
  const vm = actor();
  vm.fails();
  vm.told('recovering', 'hostDown');
  expect(vm.found).toEqual(['vm-1 was tried again by hostDown after attempt 1']);
  const hasty = actor();
  hasty.fails('NO_ROOM', 'recovering');
  expect(hasty.found).toEqual(['vm-1 was tried again without a wait after attempt 1']);
});

test('what tried nothing is no attempt', () => {
  const vm = actor();
  vm.fails('DISARMED', 'held');
  vm.told('recovering', 'capacity');
  expect(vm.plays(B5)).toEqual([]);
});
