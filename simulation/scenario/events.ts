import { z } from 'zod';
import { strict } from './strict.ts';
import {
  allowingKinds,
  at,
  clockSeconds,
  from,
  listOf,
  name,
  oneOf,
  reference,
  seconds,
  wholeFrom,
  yesOrNo,
} from './values.ts';

const times = wholeFrom(1, 1_000_000).default(1);

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

/** What a user can say about a VM; the same in `vms` and in the events `add` and `set`. */
export const vmFields = {
  cpus: from(0.01, 4096),
  memoryMiB: from(1, 1e9),
  ha: yesOrNo,
  priority: from(-1e6, 1e6),
  failback: yesOrNo,
};

const nodeEvent = strict({ at, do: z.enum(NODE_EVENTS), node: reference });
const clusterEvent = strict({ at, do: z.enum(CLUSTER_EVENTS) });
const vmEvent = strict({ at, do: z.enum(VM_EVENTS), vm: reference });

/** `events[]`: every `do` there is, with exactly the fields it takes. */
export const scenarioEventSchema = z.discriminatedUnion(
  'do',
  [
    nodeEvent,
    clusterEvent,
    vmEvent,
    strict({ at, do: z.literal('pause'), node: reference, seconds }),
    strict({ at, do: z.literal('clock-jump'), node: reference, seconds: clockSeconds }),
    strict({ at, do: z.literal('partition'), groups: listOf(listOf(reference, 1, 1000), 2, 1000) }),
    strict({ at, do: z.literal('guest-boot-fails'), vm: reference, times }),
    strict({ at, do: z.literal('start-fails'), vm: reference, times, node: reference.optional() }),
    strict({ at, do: z.literal('migrate-fails'), vm: reference, times }),
    strict({ at, do: z.literal('migrate'), vm: reference, to: reference }),
    strict({ at, do: z.literal('set'), vm: reference, ...z.object(vmFields).partial().shape }),
    strict({
      at,
      do: z.literal('add'),
      vm: name,
      node: reference,
      state: oneOf(['running', 'stopped']).default('running'),
      ...z.object(vmFields).partial().shape,
    }),
  ],
  allowingKinds('do', 'event', EVENT_NAMES),
);

export type ScenarioEvent = z.output<typeof scenarioEventSchema>;
export type ScenarioEventName = ScenarioEvent['do'];
