import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { contradictionsOf, nodeId, ruleSchema, timingsFor, UnsafeTimings } from '#machines';
import { ScenarioInvalid, type ScenarioProblem } from './errors.ts';
import { impossibleEvents } from './impossible-events.ts';
import { unknownNames } from './names.ts';
import { type Scenario, scenarioSchema } from './schema.ts';

/**
 * Reads one scenario (JSON or YAML text), defaults filled in, events in time order. Throws `ScenarioInvalid` that names
 * the file, the place in it and what is allowed there.
 */
export function parseScenario(text: string, file: string): Scenario {
  let raw: unknown;
  try {
    raw = parseYaml(text); // JSON is a subset of YAML 1.2
  } catch (error) {
    throw new ScenarioInvalid(file, [{ path: '', message: `neither JSON nor YAML: ${firstLine(error)}` }]);
  }
  return checkScenario(raw, file);
}

/** The same for a value already read. */
export function checkScenario(raw: unknown, file: string): Scenario {
  const parsed = scenarioSchema.safeParse(withoutNotes(raw, file));
  if (!parsed.success) throw new ScenarioInvalid(file, parsed.error.issues.map(problem));
  const scenario = parsed.data;
  const unknown = unknownNames(scenario);
  if (unknown.length > 0) throw new ScenarioInvalid(file, unknown);
  const refused = [...contradictionsIn(scenario), ...unsafeSettings(scenario), ...impossibleEvents(scenario)];
  if (refused.length > 0) throw new ScenarioInvalid(file, refused);
  return { ...scenario, events: scenario.events.toSorted((a, b) => a.at - b.at) };
}

/** F1: a set of rules that can never be kept is refused when it is set. */
function contradictionsIn({ rules, nodes }: Scenario): ScenarioProblem[] {
  const known = nodes.map(({ name, zone }) => ({ node: nodeId(name), ...(zone === undefined ? {} : { zone }) }));
  return contradictionsOf(
    rules.map((rule) => ruleSchema.parse(rule)),
    known,
  ).map((message) => ({ path: 'rules', message: `cannot be kept: ${message}` }));
}

/** B8: `instant` without a fence that confirms is refused, with the arithmetic. */
function unsafeSettings({ settings: { sensitivity, fence } }: Scenario): ScenarioProblem[] {
  try {
    // Only the scenario knows that the broken one never will.
    timingsFor({ sensitivity, confirmingFence: fence === 'confirming' });
    return [];
  } catch (error) {
    if (!(error instanceof UnsafeTimings)) throw error;
    const allowed = `allowed with fence ${fence}: standard, medium-high, high`;
    return [{ path: 'settings.sensitivity', message: `${error.message}; ${allowed}` }];
  }
}

/**
 * `tests`, `peer` and `x-...` are notes wherever they stand, except as names of VMs in `expect`. Throws `ScenarioInvalid`
 * for what would be lost or never end: a field `__proto__`, an anchor inside itself.
 */
function withoutNotes(raw: unknown, file: string): unknown {
  const refuse = (path: readonly PropertyKey[], message: string) => {
    throw new ScenarioInvalid(file, [{ path: place(path), message }]);
  };
  const within = new Set<object>();
  const visit = (value: unknown, path: readonly PropertyKey[], keepsNotes: boolean): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (within.has(value)) refuse(path, 'an anchor that contains itself');
    within.add(value);
    const inner = Array.isArray(value)
      ? value.map((item, index) => visit(item, [...path, index], false))
      : Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => keepsNotes || !(key === 'tests' || key === 'peer' || key.startsWith('x-')))
            .map(([key, item]) => {
              if (key === '__proto__') refuse(path, 'unknown field __proto__');
              return [key, visit(item, [...path, key], key === 'expect')];
            }),
        );
    within.delete(value);
    return inner;
  };
  return visit(raw, [], false);
}

function problem(issue: z.core.$ZodIssue): ScenarioProblem {
  const allowed = issue.code === 'invalid_value' ? `; allowed: ${issue.values.join(', ')}` : '';
  const message = issue.code === 'invalid_value' ? `not an allowed value${allowed}` : issue.message;
  return { path: place(issue.path), message };
}

function place(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
