import { z } from 'zod';
import { strict } from '../scenario/strict.ts';
import {
  allowingKinds,
  at,
  from,
  milliseconds,
  oneOf,
  percent,
  reference,
  seconds,
  wholeFrom,
  yesOrNo,
} from '../scenario/values.ts';
import { HYPERVISOR_CALLS } from '../world/hypervisor-calls.ts';

const node = reference;
const service = oneOf(['messaging', 'database']);
const call = oneOf(HYPERVISOR_CALLS);

/** The three that every node has a link to. */
export const NETWORKS = ['management', 'storage', 'vm'] as const;
/** Those on which nodes speak to each other; on the storage network the other end is always the target. */
const BETWEEN_NODES = ['management', 'vm'] as const;

/** Points of the agent at which it can be killed: parts of an actor's step, and right after it sent something. */
export const CRASH_POINTS = [
  ...(['receive', 'transition', 'commit', 'acknowledge', 'send', 'effect'] as const).map(
    (point) => `actor.${point}` as const,
  ),
  'storage',
  'database',
  'messaging',
  ...(['publish', 'request', 'answer'] as const).map((what) => `bus.${what}` as const),
  'fence.fence',
  'fence.power-on',
  ...HYPERVISOR_CALLS.map((name) => `hypervisor.${name}` as const),
] as const;

const FAULT_NAMES = [
  'storage-slow',
  'storage-answers-late',
  'storage-hangs',
  'storage-errors',
  'storage-requests-lost',
  'storage-answers-lost',
  'link-bad',
  'one-way-cut',
  'member-down',
  'leader-lost',
  'hypervisor-slow',
  'hypervisor-fails',
  'hypervisor-hangs',
  'agent-stalls',
  'agent-crashes',
  'fence-slow',
  'fence-lies',
  'clock-rate',
];

/**
 * Faults below what a scenario file can say: the simulator's own, for random schedules and for what they found. Each
 * ends by itself after `seconds`.
 */
export const worldFaultSchema = z.discriminatedUnion(
  'do',
  [
    strict({ at, do: z.literal('storage-slow'), node, seconds, delayMs: milliseconds }),
    // Done at once, and told that much later: longer than other requests may take at all.
    strict({ at, do: z.literal('storage-answers-late'), node, seconds, delayMs: milliseconds }),
    strict({ at, do: z.literal('storage-hangs'), node, seconds }),
    strict({ at, do: z.literal('storage-errors'), node, seconds, percent }),
    strict({ at, do: z.literal('storage-requests-lost'), node, seconds }),
    strict({ at, do: z.literal('storage-answers-lost'), node, seconds }),
    strict({
      ...{ at, do: z.literal('link-bad'), network: oneOf(NETWORKS).default('management'), node, seconds },
      ...{ delayMs: milliseconds, jitterMs: milliseconds },
      ...{ lossPercent: percent, duplicatePercent: percent },
    }),
    strict({
      ...{ at, do: z.literal('one-way-cut'), network: oneOf(BETWEEN_NODES).default('management') },
      ...{ from: node, to: node, seconds },
    }),
    strict({ at, do: z.literal('member-down'), of: service, node, seconds }),
    strict({ at, do: z.literal('leader-lost'), of: service }),
    strict({ at, do: z.literal('hypervisor-slow'), node, seconds, delayMs: milliseconds }),
    strict({ at, do: z.literal('hypervisor-fails'), node, seconds, call }),
    strict({ at, do: z.literal('hypervisor-hangs'), node, seconds, call }),
    strict({ at, do: z.literal('agent-stalls'), node, seconds }),
    strict({
      ...{ at, do: z.literal('agent-crashes'), node, seconds, point: oneOf(CRASH_POINTS) },
      ...{ nth: wholeFrom(1, 1_000_000), restartSeconds: at },
    }),
    strict({ at, do: z.literal('fence-slow'), seconds, takesSeconds: at, answers: yesOrNo }),
    // It confirms that it took the node's power, and acts that much later, or on another node's plug, or never.
    strict({
      ...{ at, do: z.literal('fence-lies'), node, seconds },
      ...{ actsAfterSeconds: at.optional(), plugOf: reference.optional() },
    }),
    strict({ at, do: z.literal('clock-rate'), node, driftPercent: from(-10, 10) }),
  ],
  allowingKinds('do', 'fault', FAULT_NAMES),
);
export type WorldFault = z.output<typeof worldFaultSchema>;
