import { z } from 'zod';
import { scenarioEventSchema, vmFields } from './events.ts';
import { strict } from './strict.ts';
import {
  allowing,
  allowingKinds,
  at,
  clockSeconds,
  from,
  listOf,
  milliseconds,
  name,
  oneOf,
  percent,
  reference,
  seconds,
  title,
  wholeFrom,
  yesOrNo,
} from './values.ts';

/** `settings`, defaults filled in. */
export const settingsSchema = strict({
  sensitivity: oneOf(['standard', 'medium-high', 'high', 'instant']).default('standard'),
  fence: oneOf(['none', 'confirming', 'broken']).default('none'),
  fenceSeconds: at.default(1),
  boost: yesOrNo.default(false),
  vmNetworkFailure: oneOf(['off', 'migrate', 'rebuild']).default('off'),
  vmOsFailure: yesOrNo.default(false),
  shutdownPolicy: oneOf(['recover', 'freeze']).default('recover'),
  reserveHosts: wholeFrom(0, 1000).default(0),
  massFailurePercent: percent.default(100),
  /** What I/O of guests' disks does while the path is away: fail by itself soon, or hang until it is back. */
  disks: oneOf(['fail', 'hang']).default('fail'),
  network: strict({
    delayMs: milliseconds.default(1),
    jitterMs: milliseconds.default(1),
    lossPercent: percent.default(0),
    duplicatePercent: percent.default(0),
  }).prefault({}),
  clock: strict({
    driftPercent: from(0, 10).default(0),
    wallJumpSeconds: clockSeconds.default(0),
  }).prefault({}),
  seed: wholeFrom(0, Number.MAX_SAFE_INTEGER).default(1),
});

const nodeSchema = strict({
  name,
  cpus: vmFields.cpus.default(16),
  memoryMiB: vmFields.memoryMiB.default(65_536),
  zone: oneOf(['primary', 'secondary']).optional(),
  power: oneOf(['on', 'off']).default('on'),
  maintenance: yesOrNo.default(false),
});

const vmSchema = strict({
  id: name,
  node: reference,
  state: oneOf(['running', 'stopped']).default('running'),
  cpus: vmFields.cpus.default(1),
  memoryMiB: vmFields.memoryMiB.default(1024),
  ha: vmFields.ha.default(true),
  priority: vmFields.priority.default(0),
  failback: vmFields.failback.default(true),
});

const ruleNode = z.union(
  [
    reference.transform((node) => ({ name: node, tier: 1 })),
    strict({ name: reference, tier: vmFields.priority.default(1) }),
  ],
  allowing('a node, an object with name, tier'),
);
const RULED = 10_000;

const ruleSchema = z.discriminatedUnion(
  'kind',
  [
    strict({
      kind: z.literal('node'),
      mode: oneOf(['required', 'preferred', 'forbidden']),
      vms: listOf(reference, 1, RULED),
      nodes: listOf(ruleNode, 1, RULED),
    }),
    strict({
      kind: z.literal('vm'),
      mode: oneOf(['together', 'apart']),
      strength: oneOf(['must', 'prefer']).default('must'),
      vms: listOf(reference, 2, RULED),
    }),
    strict({
      kind: z.literal('zone'),
      mode: oneOf(['prefer', 'must']),
      zone: oneOf(['primary', 'secondary']),
      vms: listOf(reference, 1, RULED),
    }),
  ],
  allowingKinds('kind', 'kind of rule', ['node', 'vm', 'zone']),
);

const expectSchema = strict({
  state: oneOf(['running', 'suspended', 'stopped', 'failed', 'waiting']).optional(),
  on: listOf(reference, 1, 1000).optional(),
});

/** One scenario file, defaults filled in. `members`: the nodes that run messaging and database members. */
export const scenarioSchema = strict({
  name: title,
  settings: settingsSchema.prefault({}),
  nodes: listOf(nodeSchema, 1, 1000),
  vms: listOf(vmSchema, 0, 100_000).default([]),
  rules: listOf(ruleSchema, 0, 10_000).default([]),
  events: listOf(scenarioEventSchema, 0, 100_000).default([]),
  until: seconds,
  members: listOf(reference, 1, 1000).optional(),
  expect: z.record(z.string(), expectSchema, allowing('an object with a field for each VM')).default({}),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioInput = z.input<typeof scenarioSchema>;
export type ScenarioSettings = Scenario['settings'];
export type ScenarioRule = Scenario['rules'][number];
