import { timingsFor, UnsafeTimings } from '#machines';
import { contradictionsIn } from './contradictions.ts';
import { ScenarioInvalid, type ScenarioProblem } from './errors.ts';
import { impossibleEvents } from './impossible-events.ts';
import { impossibleExpectations } from './impossible-expectations.ts';
import { eventsOfAbsentVms } from './lifetimes.ts';
import { unknownNames } from './names.ts';
import { place, problemsOf } from './problem.ts';
import { readYaml } from './read-yaml.ts';
import { nodesRuledTwice, vmsRuledTwice } from './ruled-twice.ts';
import { type Scenario, scenarioSchema } from './schema.ts';
import { tooLargeForTheirNodes } from './too-large.ts';

/**
 * Reads one scenario (JSON or YAML text), defaults filled in, events in time order. Throws `ScenarioInvalid` that names
 * the file, the place in it and what is allowed there.
 */
export function parseScenario(text: string, file: string): Scenario {
  const scenario = checkScenario(readYaml(text, file), file);
  // Random schedules do such things, and nothing happens then. A person who writes them means something else.
  const senseless = SENSELESS.flatMap((check) => check(scenario));
  if (senseless.length > 0) throw new ScenarioInvalid(file, senseless);
  return scenario;
}

/** The same for a value already read. `within`: the field of the file that holds it, when that holds more. */
export function checkScenario(raw: unknown, file: string, within?: string): Scenario {
  const inFile = ({ path, message }: ScenarioProblem): ScenarioProblem => ({
    path: [within, path].filter((part) => part !== undefined && part !== '').join('.'),
    message,
  });
  const parsed = scenarioSchema.safeParse(withoutNotes(raw, file), { reportInput: true });
  if (!parsed.success) throw new ScenarioInvalid(file, problemsOf(parsed.error.issues).map(inFile));
  const scenario = parsed.data;
  const [problems = []] = CHECKS.map((check) => check(scenario)).filter((found) => found.length > 0);
  if (problems.length > 0) throw new ScenarioInvalid(file, problems.map(inFile));
  return { ...scenario, events: scenario.events.toSorted((a, b) => a.at - b.at) };
}

/** What only a person who writes a file is told. */
const SENSELESS = [eventsOfAbsentVms, nodesRuledTwice, tooLargeForTheirNodes];

/** One after the other: each may trust what those before it checked. */
const CHECKS: readonly ((scenario: Scenario) => ScenarioProblem[])[] = [
  unknownNames,
  vmsRuledTwice,
  contradictionsIn,
  unsafeSettings,
  impossibleEvents,
  impossibleExpectations,
];

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
