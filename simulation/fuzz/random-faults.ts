import { CRASH_POINTS } from '../faults/world-fault.ts';
import { HYPERVISOR_CALLS } from '../world/hypervisor-calls.ts';
import { below, type Kinds, type Mishap, type MishapInput, of } from './mishap.ts';
import { commandsDuringRecovery, RANDOM_COMMANDS } from './random-commands.ts';

/** Whose link is bad, by the time: most of it where most passes. */
const LINKS = ['management', 'storage', 'management', 'storage', 'vm'] as const;

/** How late answers of storage are: some longer than the margins of the guardian's times. */
const LATE_MS = [2000, 9000, 14_000, 25_000] as const;

/** What is picked by it costs no draw, and so changes no other seed. */
function tenths(at: number): number {
  return Math.round(at * 10);
}

const FAULTS: Kinds = [
  [
    4,
    ({ at, node, later, vm, healAt }) => ({
      ...of({ at, do: 'power-off', node }, { at: later, do: 'power-on', node }),
      commands: tenths(at) % 5 === 0 ? commandsDuringRecovery({ at, vm, healAt }) : [],
    }),
  ],
  [2, ({ at, node }) => of({ at, do: 'reboot', node })],
  [1, ({ at, node, later }) => of({ at, do: 'shutdown', node }, { at: later, do: 'power-on', node })],
  [4, ({ at, node, later }) => of({ at, do: 'storage-link-down', node }, { at: later, do: 'storage-link-up', node })],
  [
    1,
    ({ at, node, later }) =>
      of({ at, do: 'storage-interface-down', node }, { at: later, do: 'storage-interface-up', node }),
  ],
  [
    3,
    ({ at, node, later }) =>
      of({ at, do: 'management-link-down', node }, { at: later, do: 'management-link-up', node }),
  ],
  [
    3,
    ({ at, node, later }) =>
      of(
        { at, do: 'management-link-down', node },
        { at, do: 'storage-link-down', node },
        { at: later, do: 'storage-link-up', node },
        { at: later, do: 'management-link-up', node },
      ),
  ],
  [3, ({ at, node, seconds }) => of({ at, do: 'pause', node, seconds: Math.min(seconds, 150) })],
  [
    2,
    ({ at, node, later }) =>
      of({ at, do: 'agent-kill', node }, { at: Math.min(later, at + 50), do: 'agent-restart', node }),
  ],
  [1, ({ at, node }) => of({ at, do: 'agent-restart', node })],
  [1, ({ at, later }) => of({ at, do: 'storage-target-down' }, { at: later, do: 'storage-target-up' })],
  [1, ({ at, later }) => of({ at, do: 'database-down' }, { at: later, do: 'database-up' })],
  [1, ({ at, later }) => of({ at, do: 'messaging-down' }, { at: later, do: 'messaging-up' })],
  [
    2,
    ({ at, node, nodes, later }) =>
      of({ at, do: 'partition', groups: [[node], nodes.filter((other) => other !== node)] }, { at: later, do: 'heal' }),
  ],
  [1, ({ at, node, seconds }) => of({ at, do: 'clock-jump', node, seconds: seconds % 2 < 1 ? -7200 : 86_400 })],
  [1, ({ at, node }) => of({ at, do: 'filesystem-read-only', node })],
  [
    1,
    ({ at, node, later }) =>
      of({ at, do: 'vm-network-link-down', node }, { at: later, do: 'vm-network-link-up', node }),
  ],
  [
    1,
    ({ at, node, later }) =>
      of({ at, do: 'storage-service-fail', node }, { at: later, do: 'storage-service-recover', node }),
  ],
  [
    2,
    ({ at, vm, healAt }) => ({
      ...of({ at, do: 'kill', vm }),
      commands: tenths(at) % 2 === 0 ? commandsDuringRecovery({ at, vm, healAt }) : [],
    }),
  ],
  [2, ({ at, vm }) => of({ at, do: 'guest-shutdown', vm })],
  [1, ({ at, vm }) => of({ at, do: 'guest-panic', vm })],
  [1, ({ at, vm }) => of({ at, do: 'guest-hang', vm })],
  [1, ({ at, vm, random }) => of({ at, do: 'guest-boot-fails', vm, times: random.int(1, 3) })],
  [2, ({ at, vm, random }) => of({ at, do: 'start-fails', vm, times: random.int(1, 5) })],
  [1, ({ at, vm, node }) => of({ at, do: 'start-fails', vm, node, times: 3 })],
  [2, ({ at, vm }) => of({ at, do: 'suspend-fails', vm })],
  [1, ({ at, vm, random }) => of({ at, do: 'migrate-fails', vm, times: random.int(1, 3) })],
  [
    2,
    ({ at, node, seconds, random }) => {
      const delayMs = random.pick([50, 800, 3000]);
      if (tenths(at) % 3 > 0) return below({ at, do: 'storage-slow', node, seconds, delayMs });
      return below({
        at,
        do: 'storage-answers-late',
        node,
        seconds,
        delayMs: LATE_MS[tenths(at) % LATE_MS.length] ?? 0,
      });
    },
  ],
  [3, ({ at, node, seconds }) => below({ at, do: 'storage-hangs', node, seconds: Math.min(seconds, 120) })],
  [
    2,
    ({ at, node, seconds, random }) =>
      below({ at, do: 'storage-errors', node, seconds, percent: random.pick([10, 50, 100]) }),
  ],
  [
    2,
    ({ at, node, seconds }) => {
      const isOneWay = tenths(at) % 2 === 0;
      return below({ at, do: isOneWay ? 'storage-requests-lost' : 'storage-answers-lost', node, seconds });
    },
  ],
  [
    2,
    ({ at, node, seconds, random }) =>
      below({
        ...{
          at,
          do: 'link-bad',
          network: LINKS[tenths(at) % LINKS.length] ?? 'management',
          node,
          seconds,
          delayMs: random.pick([0, 100, 1500]),
          jitterMs: random.pick([10, 2000]),
        },
        ...{ lossPercent: random.pick([0, 10, 60]), duplicatePercent: random.pick([0, 20]) },
      }),
  ],
  [
    2,
    ({ at, node, nodes, seconds, random }) =>
      below({
        ...{ at, do: 'one-way-cut', network: tenths(at) % 4 === 0 ? 'vm' : 'management' },
        ...{ from: node, to: anotherThan(node, random.pick(nodes), nodes), seconds },
      }),
  ],
  [
    1,
    ({ at, node, seconds, random }) =>
      below({ at, do: 'member-down', of: random.pick(['messaging', 'database']), node, seconds }),
  ],
  [2, ({ at, random }) => below({ at, do: 'leader-lost', of: random.pick(['messaging', 'database']) })],
  [
    1,
    ({ at, node, seconds, random }) =>
      below({ at, do: 'hypervisor-slow', node, seconds, delayMs: random.pick([500, 5000, 20_000]) }),
  ],
  [
    1,
    ({ at, node, vm, nodes, seconds, random }) => {
      const call = random.pick(HYPERVISOR_CALLS);
      return tenths(at) % 2 === 0
        ? startsFail(at, vm, nodes, seconds)
        : below({ at, do: 'hypervisor-fails', node, seconds, call });
    },
  ],
  [
    2,
    ({ at, node, seconds, random }) =>
      below({ at, do: 'hypervisor-hangs', node, seconds, call: random.pick(HYPERVISOR_CALLS) }),
  ],
  [2, ({ at, node, seconds }) => below({ at, do: 'agent-stalls', node, seconds: Math.min(seconds, 150) })],
  [
    4,
    ({ at, node, random, seconds }) =>
      below({
        ...{ at, do: 'agent-crashes', node, seconds, point: random.pick(CRASH_POINTS), nth: random.int(1, 20) },
        restartSeconds: random.pick([0, 0.2, 5, 30]),
      }),
  ],
  [
    1,
    ({ at, seconds, random }) =>
      below({ at, do: 'fence-slow', seconds, takesSeconds: random.int(5, 90), answers: random.chance(0.5) }),
  ],
  [1, ({ at, node, random }) => below({ at, do: 'clock-rate', node, driftPercent: random.pick([-2, -1, 1, 2]) })],
];

/** What was picked; if it is that node itself, the one after it. */
function anotherThan(node: string, picked: string, nodes: readonly string[]): string {
  return picked === node ? (nodes[(nodes.indexOf(node) + 1) % nodes.length] ?? node) : picked;
}

/** A VM that must be started again, when starts fail wherever it may: half of those that fail were done all the same. */
function startsFail(at: number, vm: string, nodes: readonly string[], seconds: number): Mishap {
  const faults = nodes.map((node) => ({ at, do: 'hypervisor-fails' as const, node, seconds, call: 'start' as const }));
  return { events: [{ at: Math.round((at + 0.5) * 10) / 10, do: 'kill', vm }], faults };
}

const KINDS: Kinds = [...FAULTS, ...RANDOM_COMMANDS];
const TOTAL = KINDS.reduce((sum, [weight]) => sum + weight, 0);

/** One random mishap at `input.at`; over by `input.healAt`. */
export function randomMishap(input: MishapInput): Mishap {
  const { random, at, healAt, nodes, vms } = input;
  const lasts = random.pick([2, 10, 30, 60, 120, 300]) * random.between(0.5, 1.5);
  const seconds = Math.max(1, Math.round(Math.min(lasts, healAt - at) * 10) / 10);
  const picked = {
    node: random.pick(nodes),
    vm: random.pick(vms),
    seconds,
    later: Math.max(at, Math.min(at + seconds, healAt)),
  };
  let left = random.next() * TOTAL;
  for (const [weight, make] of KINDS) {
    left -= weight;
    if (left < 0) return make({ ...input, ...picked });
  }
  throw new RangeError('weights do not add up');
}
