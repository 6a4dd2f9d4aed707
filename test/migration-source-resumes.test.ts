import { expect, test } from 'vitest';
import { checkSchedule, playSchedule, productionBuild } from '../simulation/mod.ts';
import type { TimelineEntry } from '../simulation/run/result.ts';

/** vm-1 is migrated from n1 to n2, with what else happens. Only n1, n2 and n3 have room for it. */
async function played(events: readonly { readonly at: number }[], until = 400) {
  const members = ['m1', 'm2', 'm3'].map((name) => ({ name, memoryMiB: 512 }));
  const others = ['n1', 'n2', 'n3'].map((name) => ({ name, memoryMiB: 8192 }));
  const scenario = {
    name: 'its source resumes',
    nodes: [...members, ...others],
    vms: [{ id: 'vm-1', node: 'n1', memoryMiB: 2048 }],
    events: [{ at: 100, do: 'migrate', vm: 'vm-1', to: 'n2' }, ...events].toSorted((a, b) => a.at - b.at),
    until,
  };
  return await playSchedule(checkSchedule({ scenario }, 'migrated'), productionBuild);
}

function when(timeline: readonly TimelineEntry[], what: string, node: string, from = 100): number {
  return timeline.find((entry) => entry.at >= from && entry.what === what && entry.node === node)?.at ?? Number.NaN;
}

/** The moments of an undisturbed migration: its source stands, the target's copy is whole, the source's is off. */
async function moments() {
  const { timeline } = await played([]);
  const [stands, arrived, off] = [
    when(timeline, 'copy-suspended', 'n1'),
    when(timeline, 'copy-suspended', 'n2'),
    when(timeline, 'copy-off', 'n1'),
  ];
  expect(stands).toBeLessThan(arrived);
  expect(arrived).toBeLessThan(off);
  return { stands, arrived, off };
}

/** The link of n1 is away for a second. */
const cut = (at: number) => [
  { at, do: 'management-link-down', node: 'n1' },
  { at: at + 1, do: 'management-link-up', node: 'n1' },
];

test('a source whose copy stands when the target gets out of reach lets it run on', async () => {
  const { stands, arrived, off } = await moments();
  for (const at of [(stands + arrived) / 2, (arrived + off) / 2]) {
    const { timeline, violations, placement } = await played(cut(at));
    expect(violations).toEqual([]);
    expect(when(timeline, 'copy-running', 'n1', stands) - stands).toBeLessThan(1);
    // Whoever asked heard no answer and asks again: the second try may bring it to n2.
    expect(placement['vm-1']?.state).toBe('running');
  }
}, 60_000);

test('a whole copy of which the source did not hear is removed, and the source is left alone', async () => {
  const { arrived, off } = await moments();
  const { timeline, placement } = await played(cut((arrived + off) / 2));
  expect(when(timeline, 'clean-up', 'n2') - arrived).toBeLessThan(200);
  expect(timeline.filter(({ what, at }) => what === 'copy-off' && at > arrived).map(({ node }) => node)).toEqual([
    'n2',
  ]);
  expect(placement['vm-1']).toMatchObject({ state: 'running', node: 'n1' });
}, 60_000);

/** As soon as the lost answer's timeout lets the VM be moved again; the copy that n2 has is not removed yet. */
const AGAIN_AT = 162;

test('a copy that arrived in vain is from the past, also when its source dies while it gives the VM to another', async () => {
  const { arrived, off } = await moments();
  const twice = [...cut((arrived + off) / 2), { at: AGAIN_AT, do: 'migrate', vm: 'vm-1', to: 'n3' }];
  const { timeline } = await played(twice);
  const given = when(timeline, 'copy-off', 'n1', AGAIN_AT);
  const runs = when(timeline, 'copy-running', 'n3', AGAIN_AT);
  expect(when(timeline, 'clean-up', 'n2')).toBeGreaterThan(given);
  let recoveredOnN2 = 0;
  for (let at = given; at < runs; at += 0.005) {
    const deaths = ['n1', 'n3'].map((node) => ({ at, do: 'power-off', node }));
    const { violations, placement } = await played([...twice, ...deaths], 700);
    expect(violations).toEqual([]);
    if (placement['vm-1']?.state === 'running' && placement['vm-1'].node === 'n2') recoveredOnN2 += 1;
  }
  expect(recoveredOnN2).toBeGreaterThan(0);
}, 60_000);
