import { type Kinds, of } from './mishap.ts';
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
