import type { ScenarioEvent } from '../scenario/mod.ts';
import { type Kinds, type MishapInput, of, type Picked } from './mishap.ts';
import { randomVm } from './random-cluster.ts';

/** What users do in the midst of it all: every command there is. */
export const RANDOM_COMMANDS: Kinds = [
  [1, ({ at, vm }) => of({ at, do: 'stop', vm })],
  [2, ({ at, vm, healAt }) => of({ at, do: 'stop', vm }, { at: Math.min(at + 320, healAt), do: 'start', vm })],
  [1, ({ at, vm }) => of({ at, do: 'start', vm })],
  [2, ({ at, vm, node }) => of({ at, do: 'migrate', vm, to: node })],
  // Something happens to it while it moves.
  [
    2,
    ({ at, vm, node, healAt, random }) => {
      const what = random.pick(['guest-shutdown', 'kill', 'stop'] as const);
      const late = Math.round(Math.min(at + random.between(0.1, 5), healAt) * 10) / 10;
      return of({ at, do: 'migrate', vm, to: node }, { at: late, do: what, vm });
    },
  ],
  [2, ({ at, node, later }) => of({ at, do: 'maintenance-on', node }, { at: later, do: 'maintenance-off', node })],
  [1, ({ at, vm, random }) => of({ at, do: 'set', vm, priority: random.int(0, 9) })],
  [1, ({ at, vm, random }) => of({ at, do: 'set', vm, ha: random.chance(0.5) })],
  [1, ({ at, vm }) => of({ at, do: 'remove', vm })],
  [
    1,
    ({ at, vm, random }) =>
      of({ at, do: 'set', vm, memoryMiB: random.pick([512, 1024, 2048, 4096, 8192]), cpus: random.pick([1, 2, 4, 8]) }),
  ],
  [1, ({ at, vm, random }) => of({ at, do: 'set', vm, failback: random.chance(0.5) })],
  [
    4,
    ({ at, node, random, unusedNames }) => {
      const [vm] = unusedNames;
      return of(...(vm === undefined ? [] : [{ at, do: 'add' as const, vm, node, ...randomVm(random) }]));
    },
  ],
  [1, ({ at, later }) => of({ at, do: 'disarm' }, { at: later, do: 'arm' })],
];

/** The latest of them comes so long after the VM was lost, seconds: a restart where it was takes about one. */
const LATEST_SECONDS = 2;

/**
 * What a user wants just while a VM is brought back. Which and when is drawn by the time of the mishap: it costs no draw, and
 * so changes no other seed.
 */
export function commandsDuringRecovery({
  at,
  vm,
  healAt,
}: Pick<MishapInput & Picked, 'at' | 'vm' | 'healAt'>): ScenarioEvent[] {
  const tenths = Math.round(at * 10);
  const lateSeconds = 0.1 + (((tenths * 7) % 20) / 20) * (LATEST_SECONDS - 0.1);
  const soon = Math.round((at + lateSeconds) * 100) / 100;
  if (soon > healAt) return [];
  const which = Math.floor(tenths / 10) % 4;
  if (which === 2) return [{ at: soon, do: 'set', vm, priority: tenths % 10 }];
  return [which === 3 ? { at: soon, do: 'remove', vm } : { at: soon, do: 'stop', vm }];
}
