import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { contradictionsOf, nodeId, ruleSchema } from '#machines';
import { ScenarioInvalid, type ScenarioProblem } from './errors.ts';
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
  const parsed = scenarioSchema.safeParse(withoutNotes(raw));
  if (!parsed.success) throw new ScenarioInvalid(file, parsed.error.issues.map(problem));
  const scenario = parsed.data;
  const unknown = unknownNames(scenario);
  if (unknown.length > 0) throw new ScenarioInvalid(file, unknown);
  const contradictions = contradictionsIn(scenario);
  if (contradictions.length > 0) throw new ScenarioInvalid(file, contradictions);
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

/** `tests`, `peer` and `x-...` are notes wherever they stand, except as names of VMs in `expect`. */
function withoutNotes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNotes);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'tests' && key !== 'peer' && !key.startsWith('x-'));
  return Object.fromEntries(kept.map(([key, inner]) => [key, key === 'expect' ? inner : withoutNotes(inner)]));
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
