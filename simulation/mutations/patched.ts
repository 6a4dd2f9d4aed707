import { checkSchedule, type Schedule } from '../fuzz/schedule.ts';
import type { PatchedMutation } from './patch.ts';

const NODES = [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }];

/** A schedule made by hand: three nodes, one VM on the first. */
export function byHand(
  events: readonly object[],
  faults: readonly object[],
  {
    until = 400,
    healedAt = 120,
    ...settings
  }: { readonly until?: number; readonly healedAt?: number } & Record<string, unknown> = {},
): (seed: number) => Schedule {
  return (seed) =>
    checkSchedule(
      {
        scenario: {
          ...{ name: 'made by hand', settings: { ...settings, seed }, nodes: NODES },
          ...{ vms: [{ id: 'vm-1', node: 'n1' }], events, until },
        },
        faults,
        healedAt,
      },
      'made by hand',
    );
}

/** Mistakes in the midst of the product. */
export const PATCHED: readonly PatchedMutation[] = [
  {
    name: 'messages from outside are not known again by their ids',
    patches: [
      {
        file: 'actors/admit.ts',
        find: "state.recent.includes(message.id) ? 'known' : 'next'",
        put: "'next'",
      },
    ],
    breaks: ['no message'],
    withinSeeds: 3,
    where: { focus: {} },
  },
  {
    name: 'after a start that failed, give the lease back before the copy is gone',
    patches: [
      {
        file: 'node-agent/start-copy.ts',
        find: '  await hypervisor.remove(spec.vm);\n  const released',
        put: '  const released',
      },
      {
        file: 'node-agent/start-copy.ts',
        find: '  if (await changeLease(storage, sector, released)) return {',
        put: '  const gave = await changeLease(storage, sector, released);\n  await hypervisor.remove(spec.vm);\n  if (gave) return {',
      },
    ],
    breaks: ['B4: no lease leaves'],
    withinSeeds: 3,
    where: { focus: { mishaps: ['hypervisor-fails', 'kill'] } },
  },
  {
    name: 'mark the lease stopped before the copy is off',
    patches: [
      {
        file: 'node-agent/stop-copy.ts',
        find: '  await endCopy(ports, vm, graceMs);\n  if',
        put: '  const ended = endCopy(ports, vm, graceMs);\n  void ended.catch(() => {});\n  if',
      },
    ],
    breaks: ['B4: no lease leaves'],
    withinSeeds: 2,
    where: { focus: { mishaps: ['stop', 'start'] } },
  },
];
