import { z } from 'zod';
import { strict } from './strict.ts';

const name = z.string().min(1);
const at = z.number().nonnegative();
const seconds = z.number().positive();
const times = z.int().positive().default(1);

const NODE_EVENTS = [
  'power-off',
  'power-on',
  'reboot',
  'shutdown',
  'filesystem-read-only',
  'storage-link-down',
  'storage-link-up',
  'storage-interface-down',
  'storage-interface-up',
  'management-link-down',
  'management-link-up',
  'vm-network-link-down',
  'vm-network-link-up',
  'storage-service-fail',
  'storage-service-recover',
  'agent-kill',
  'agent-restart',
  'maintenance-on',
  'maintenance-off',
] as const;

const CLUSTER_EVENTS = [
  'storage-target-down',
  'storage-target-up',
  'database-down',
  'database-up',
  'messaging-down',
  'messaging-up',
  'heal',
  'arm',
  'disarm',
] as const;

const VM_EVENTS = [
  'kill',
  'guest-shutdown',
  'guest-panic',
  'guest-hang',
  'suspend-fails',
  'remove',
  'start',
  'stop',
] as const;

/** What a user can say about a VM; the same in `vms` and in the events `add` and `set`. */
export const vmFields = {
  cpus: z.number().positive(),
  memoryMiB: z.number().positive(),
  ha: z.boolean(),
  priority: z.number(),
  failback: z.boolean(),
};

const nodeEvent = strict({ at, do: z.enum(NODE_EVENTS), node: name });
const clusterEvent = strict({ at, do: z.enum(CLUSTER_EVENTS) });
const vmEvent = strict({ at, do: z.enum(VM_EVENTS), vm: name });

/** `events[]`: every `do` there is, with exactly the fields it takes. */
export const scenarioEventSchema = z.discriminatedUnion(
  'do',
  [
    nodeEvent,
    clusterEvent,
    vmEvent,
    strict({ at, do: z.literal('pause'), node: name, seconds }),
    strict({ at, do: z.literal('clock-jump'), node: name, seconds: z.number() }),
    strict({ at, do: z.literal('partition'), groups: z.array(z.array(name).min(1)).min(2) }),
    strict({ at, do: z.literal('guest-boot-fails'), vm: name, times }),
    strict({ at, do: z.literal('start-fails'), vm: name, times, node: name.optional() }),
    strict({ at, do: z.literal('migrate-fails'), vm: name, times }),
    strict({ at, do: z.literal('migrate'), vm: name, to: name }),
    strict({ at, do: z.literal('set'), vm: name, ...z.object(vmFields).partial().shape }),
    strict({
      at,
      do: z.literal('add'),
      vm: name,
      node: name,
      state: z.enum(['running', 'stopped']).default('running'),
      ...z.object(vmFields).partial().shape,
    }),
  ],
  {
    error: (issue) =>
      issue.code === 'invalid_union'
        ? `unknown event ${JSON.stringify(field(issue.input, 'do'))}; allowed: ${EVENT_NAMES.join(', ')}`
        : undefined,
  },
);

export type ScenarioEvent = z.output<typeof scenarioEventSchema>;
export type ScenarioEventName = ScenarioEvent['do'];

/** Every `do` that a file may have. */
export const EVENT_NAMES = [
  ...NODE_EVENTS,
  ...CLUSTER_EVENTS,
  ...VM_EVENTS,
  'pause',
  'clock-jump',
  'partition',
  'guest-boot-fails',
  'start-fails',
  'migrate-fails',
  'migrate',
  'set',
  'add',
] as const;

function field(input: unknown, key: string): unknown {
  return typeof input === 'object' && input !== null ? Reflect.get(input, key) : undefined;
}
