import { z } from 'zod';
import { strict } from '../scenario/strict.ts';
import { HYPERVISOR_CALLS } from '../world/hypervisor-calls.ts';

const at = z.number().nonnegative();
const node = z.string().min(1);
const seconds = z.number().positive();
const percent = z.number().min(0).max(100);
const service = z.enum(['messaging', 'database']);
const call = z.enum(HYPERVISOR_CALLS);

/** Points of the agent at which it can be killed: parts of an actor's step, and right after it sent a call. */
export const CRASH_POINTS = [
  ...(['receive', 'transition', 'commit', 'acknowledge', 'send', 'effect'] as const).map(
    (point) => `actor.${point}` as const,
  ),
  'storage',
  'database',
  'messaging',
  ...HYPERVISOR_CALLS.map((name) => `hypervisor.${name}` as const),
] as const;

/**
 * Faults below what a scenario file can say: the simulator's own, for random schedules and for what they found. Each
 * ends by itself after `seconds`.
 */
export const worldFaultSchema = z.discriminatedUnion('do', [
  strict({ at, do: z.literal('storage-slow'), node, seconds, delayMs: z.number().positive() }),
  strict({ at, do: z.literal('storage-hangs'), node, seconds }),
  strict({ at, do: z.literal('storage-errors'), node, seconds, percent }),
  strict({ at, do: z.literal('storage-answers-lost'), node, seconds }),
  strict({
    ...{ at, do: z.literal('link-bad'), node, seconds },
    ...{ delayMs: z.number().nonnegative(), jitterMs: z.number().nonnegative() },
    ...{ lossPercent: percent, duplicatePercent: percent },
  }),
  strict({ at, do: z.literal('one-way-cut'), from: node, to: node, seconds }),
  strict({ at, do: z.literal('member-down'), of: service, node, seconds }),
  strict({ at, do: z.literal('leader-lost'), of: service }),
  strict({ at, do: z.literal('hypervisor-slow'), node, seconds, delayMs: z.number().positive() }),
  strict({ at, do: z.literal('hypervisor-fails'), node, seconds, call }),
  strict({ at, do: z.literal('hypervisor-hangs'), node, seconds, call }),
  strict({ at, do: z.literal('agent-stalls'), node, seconds }),
  strict({
    ...{ at, do: z.literal('agent-crashes'), node, seconds, point: z.enum(CRASH_POINTS) },
    ...{ nth: z.int().positive(), restartSeconds: z.number().nonnegative() },
  }),
  strict({ at, do: z.literal('fence-slow'), seconds, takesSeconds: z.number().nonnegative(), answers: z.boolean() }),
  strict({ at, do: z.literal('clock-rate'), node, driftPercent: z.number().min(-10).max(10) }),
]);
export type WorldFault = z.output<typeof worldFaultSchema>;
