import { expect, test } from 'vitest';
import { checkSchedule, playSchedule, productionBuild } from '../simulation/mod.ts';

/** A VM is moved from n1 to n2; `cutAt`: when the management link of n1 is pulled, for good. */
async function played(cutAt: number) {
  const nodes = ['m1', 'm2', 'm3', 'n1', 'n2'].map((name) => ({ name }));
  const events = [
    { at: 100, do: 'migrate', vm: 'vm-1', to: 'n2' },
    { at: cutAt, do: 'management-link-down', node: 'n1' },
  ];
  const scenario = { name: 'its source is out of reach', nodes, vms: [{ id: 'vm-1', node: 'n1' }], events, until: 400 };
  return await playSchedule(checkSchedule({ scenario }, 'moved'), productionBuild);
}

test('a VM whose source is out of reach when its migration is done goes on at the target, at whatever moment that is', async () => {
  const { timeline } = await played(399);
  const when = (what: string, node?: string) =>
    timeline.findLast((entry) => entry.what === what && (node === undefined || entry.node === node))?.at ?? Number.NaN;
  const [ended, leased] = [when('copy-off', 'n1'), when('plan')];
  expect(leased).toBeGreaterThan(ended);
  const found: string[] = [];
  for (let at = ended + 0.001; at < leased; at += 0.002) {
    const { placement, violations } = await played(at);
    expect(violations).toEqual([]);
    found.push(`${placement['vm-1']?.state} on ${placement['vm-1']?.node}`);
  }
  expect(new Set(found)).toEqual(new Set(['running on n2']));
}, 60_000);
