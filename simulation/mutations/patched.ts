import type { PatchedMutation } from './patch.ts';
import { PATCHED_GUARDIAN } from './patched-guardian.ts';
import { PATCHED_LEASES } from './patched-leases.ts';

/** Mistakes in the midst of the product. */
export const PATCHED: readonly PatchedMutation[] = [
  ...PATCHED_GUARDIAN,
  ...PATCHED_LEASES,
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
    withinSeeds: 6,
    where: { focus: { mishaps: ['link-bad'] } },
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
