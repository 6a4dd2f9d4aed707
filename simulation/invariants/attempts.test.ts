import { expect, test } from 'vitest';
import type { JournalEntry } from '#actors';
import { checkScenario } from '../scenario/mod.ts';
import type { World } from '../world/world.ts';
import { attemptsAndWaits } from './attempts.ts';

const scenario = checkScenario({ name: 's', nodes: [{ name: 'n1' }], until: 1 }, 's');
const B5 = [...Array(5).fill(10), ...Array(5).fill(60), ...Array(3).fill(100)] as readonly number[];

/**
 * What the invariant says about an actor that makes one attempt after the other and waits so long after each; the step that
 * begins a wait is so long on its way.
 */
function said(waits: readonly number[], onItsWaySeconds = 0): string[] {
  const found: string[] = [];
  let nowSeconds = 100;
  const watcher = attemptsAndWaits({
    scenario,
    nowSeconds: () => nowSeconds,
    violate: (_invariant, why) => found.push(why),
    world: () => ({}) as World, // it does not look at it
  });
  const commit = (value: string, attempt: number, kind: string) => {
    const body = JSON.stringify({ snapshot: { value, context: { attempt } }, cause: { kind } });
    watcher.committed?.({ address: 'vm/vm-1', sequence: 1, commitId: `${nowSeconds}`, body } as JournalEntry);
  };
  const fail = (job: number) => {
    const body = JSON.stringify({ tells: [{ to: 'vm/vm-1', type: 'jobFailed' }] });
    watcher.committed?.({ address: `job/vm-1-${job}`, sequence: 1, commitId: `job ${job}`, body } as JournalEntry);
  };
  waits.forEach((wait, i) => {
    commit('placing', i + 1, 'message');
    fail(i + 1);
    nowSeconds += onItsWaySeconds;
    commit('waiting', i + 1, 'message');
    nowSeconds += wait - onItsWaySeconds;
    commit('placing', i + 1, 'timer');
  });
  return found;
}

test('thirteen attempts with the waits of B5 keep it', () => {
  expect(B5.reduce((sum, wait) => sum + wait, 0)).toBe(650);
  expect(said(B5)).toEqual([]);
});

test('nor does a step that was long on its way to the journal break it', () => {
  expect(said(B5, 3)).toEqual([]);
});

test('a fourteenth attempt breaks it', () => {
  expect(said([...B5, 100])[0]).toBe('vm/vm-1 is at attempt 14');
});

test.each([1, 6, 11])('a wait that is cut short after attempt %d breaks it', (attempt) => {
  const waits = B5.with(attempt - 1, 5);
  expect(said(waits)).toEqual([`vm/vm-1 waited 5.0 s after attempt ${attempt}, not ${B5[attempt - 1]} s`]);
});
