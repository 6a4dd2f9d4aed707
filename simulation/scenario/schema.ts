import { z } from 'zod';
import { scenarioEventSchema, vmFields } from './events.ts';
import { strict } from './strict.ts';

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i, 'not a name (letters, digits and -)');

const settingsSchema = strict({
  sensitivity: z.enum(['standard', 'medium-high', 'high', 'instant']).default('standard'),
  fence: z.enum(['none', 'confirming', 'broken']).default('none'),
  fenceSeconds: z.number().nonnegative().default(1),
  boost: z.boolean().default(false),
  vmNetworkFailure: z.enum(['off', 'migrate', 'rebuild']).default('off'),
  vmOsFailure: z.boolean().default(false),
  shutdownPolicy: z.enum(['recover', 'freeze']).default('recover'),
  reserveHosts: z.int().nonnegative().default(0),
  massFailurePercent: z.number().min(0).max(100).default(100),
  /** What I/O of guests' disks does while the path is away: fail by itself soon, or hang until it is back. */
  disks: z.enum(['fail', 'hang']).default('fail'),
  network: strict({
    delayMs: z.number().nonnegative().default(1),
    jitterMs: z.number().nonnegative().default(1),
    lossPercent: z.number().min(0).max(100).default(0),
    duplicatePercent: z.number().min(0).max(100).default(0),
  }).prefault({}),
  clock: strict({
    driftPercent: z.number().min(0).max(10).default(0),
    wallJumpSeconds: z.number().default(0),
  }).prefault({}),
  seed: z.int().nonnegative().default(1),
});

const nodeSchema = strict({
  name,
  cpus: z.number().positive().default(16),
  memoryMiB: z.number().positive().default(65_536),
  zone: z.enum(['primary', 'secondary']).optional(),
  power: z.enum(['on', 'off']).default('on'),
  maintenance: z.boolean().default(false),
});

const vmSchema = strict({
  id: name,
  node: name,
  state: z.enum(['running', 'stopped']).default('running'),
  cpus: vmFields.cpus.default(1),
  memoryMiB: vmFields.memoryMiB.default(1024),
  ha: vmFields.ha.default(true),
  priority: vmFields.priority.default(0),
  failback: vmFields.failback.default(true),
});

const ruleNode = z.union([
  name.transform((node) => ({ name: node, tier: 1 })),
  strict({ name, tier: z.number().default(1) }),
]);

const ruleSchema = z.discriminatedUnion('kind', [
  strict({
    kind: z.literal('node'),
    mode: z.enum(['required', 'preferred', 'forbidden']),
    vms: z.array(name).min(1),
    nodes: z.array(ruleNode).min(1),
  }),
  strict({
    kind: z.literal('vm'),
    mode: z.enum(['together', 'apart']),
    strength: z.enum(['must', 'prefer']).default('must'),
    vms: z.array(name).min(2),
  }),
  strict({
    kind: z.literal('zone'),
    mode: z.enum(['prefer', 'must']),
    zone: z.enum(['primary', 'secondary']),
    vms: z.array(name).min(1),
  }),
]);

const expectSchema = strict({
  state: z.enum(['running', 'suspended', 'stopped', 'failed', 'waiting']).optional(),
  on: z.array(name).optional(),
});

/** One scenario file, defaults filled in. `members`: the nodes that run messaging and database members. */
export const scenarioSchema = strict({
  name: z.string().min(1),
  settings: settingsSchema.prefault({}),
  nodes: z.array(nodeSchema).min(1),
  vms: z.array(vmSchema).default([]),
  rules: z.array(ruleSchema).default([]),
  events: z.array(scenarioEventSchema).default([]),
  until: z.number().positive(),
  members: z.array(name).min(1).optional(),
  expect: z.record(z.string(), expectSchema).default({}),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioInput = z.input<typeof scenarioSchema>;
export type ScenarioSettings = Scenario['settings'];
export type ScenarioRule = Scenario['rules'][number];
