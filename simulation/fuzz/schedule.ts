import { z } from 'zod';
import { type WorldFault, worldFaultSchema } from '../faults/world-fault.ts';
import { checkScenario, type Scenario, ScenarioInvalid, type ScenarioProblem } from '../scenario/mod.ts';
import { problemsOf } from '../scenario/problem.ts';
import { readYaml } from '../scenario/read-yaml.ts';
import { strict } from '../scenario/strict.ts';
import { allowing, listOf, seconds } from '../scenario/values.ts';

/** A scenario with the simulator's own faults beside its events. */
export interface Schedule {
  readonly scenario: Scenario;
  readonly faults: readonly WorldFault[];
  /** From this second on nothing ails any more: what should run must run again before the end (liveness). */
  readonly healedAt: number | undefined;
}

const scheduleSchema = strict({
  scenario: z.record(z.string(), z.unknown(), allowing('a scenario')),
  faults: listOf(worldFaultSchema, 0, 100_000).default([]),
  healedAt: seconds.optional(),
});

/** Reads a schedule as `sim fuzz` prints it. Throws `ScenarioInvalid`. */
export function parseSchedule(text: string, file: string): Schedule {
  return checkSchedule(readYaml(text, file), file);
}

/** The same for a value already read. */
export function checkSchedule(raw: unknown, file: string): Schedule {
  const parsed = scheduleSchema.safeParse(raw, { reportInput: true });
  if (!parsed.success) throw new ScenarioInvalid(file, problemsOf(parsed.error.issues));
  const { scenario, faults, healedAt } = parsed.data;
  const checked = checkScenario(scenario, file, 'scenario');
  const problems = [...unknownNodes(checked, faults), ...tooLate(checked, faults, healedAt)];
  if (problems.length > 0) throw new ScenarioInvalid(file, problems);
  return { scenario: checked, faults, healedAt };
}

function unknownNodes({ nodes }: Scenario, faults: readonly WorldFault[]): ScenarioProblem[] {
  const names = new Set(nodes.map((node) => node.name));
  return faults.flatMap((fault, i) =>
    ['node', 'from', 'to', 'plugOf'].flatMap((field) => {
      const name: unknown = Reflect.get(fault, field);
      if (typeof name !== 'string' || names.has(name)) return [];
      return [{ path: `faults[${i}].${field}`, message: `unknown node ${name}; there are: ${[...names].join(', ')}` }];
    }),
  );
}

function tooLate({ until }: Scenario, faults: readonly WorldFault[], healedAt = 0): ScenarioProblem[] {
  const times = [...faults.map(({ at }, i) => ({ at, path: `faults[${i}].at` })), { at: healedAt, path: 'healedAt' }];
  return times
    .filter(({ at }) => at > until)
    .map(({ at, path }) => ({ path, message: `${at} is after the end; allowed: 0 to ${until} (until)` }));
}
