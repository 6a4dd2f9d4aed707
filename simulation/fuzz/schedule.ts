import { z } from 'zod';
import { type WorldFault, worldFaultSchema } from '../faults/world-fault.ts';
import { checkScenario, type Scenario, ScenarioInvalid } from '../scenario/mod.ts';
import { strict } from '../scenario/strict.ts';

/** A scenario with the simulator's own faults beside its events. */
export interface Schedule {
  readonly scenario: Scenario;
  readonly faults: readonly WorldFault[];
  /** From this second on nothing ails any more: what should run must run again before the end (liveness). */
  readonly healedAt: number | undefined;
}

const scheduleSchema = strict({
  scenario: z.unknown(),
  faults: z.array(worldFaultSchema).default([]),
  healedAt: z.number().positive().optional(),
});

/** Reads a schedule as `sim fuzz` prints it. Throws `ScenarioInvalid`. */
export function checkSchedule(raw: unknown, file: string): Schedule {
  const parsed = scheduleSchema.safeParse(raw);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
    throw new ScenarioInvalid(file, problems);
  }
  const { scenario, faults, healedAt } = parsed.data;
  const checked = checkScenario(scenario, file);
  const names = new Set(checked.nodes.map((node) => node.name));
  const unknown = faults.flatMap((fault, i) =>
    ['node', 'from', 'to'].flatMap((field) => {
      const name: unknown = Reflect.get(fault, field);
      if (typeof name !== 'string' || names.has(name)) return [];
      return [{ path: `faults[${i}].${field}`, message: `unknown node ${name}; there are: ${[...names].join(', ')}` }];
    }),
  );
  if (unknown.length > 0) throw new ScenarioInvalid(file, unknown);
  return { scenario: checked, faults, healedAt };
}
