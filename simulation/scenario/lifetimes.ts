import type { ScenarioProblem } from './errors.ts';
import type { ScenarioEvent } from './events.ts';
import type { Scenario } from './schema.ts';

/** These are set up in advance: also for a VM that is added later. */
const PREPARED: ReadonlySet<ScenarioEvent['do']> = new Set<ScenarioEvent['do']>([
  'guest-boot-fails',
  'start-fails',
  'suspend-fails',
  'migrate-fails',
]);

interface Lifetime {
  readonly from: number;
  until: number;
}

/** Events of a VM at a time when it is not there: before it is added, or after it was removed. Times may touch. */
export function eventsOfAbsentVms({ vms, events, until }: Scenario): ScenarioProblem[] {
  const lifetimes = new Map<string, Lifetime[]>(vms.map(({ id }) => [id, [{ from: 0, until }]]));
  for (const event of events) {
    if (event.do !== 'add' && event.do !== 'remove') continue;
    const known = lifetimes.get(event.vm) ?? [];
    lifetimes.set(event.vm, known);
    const last = known.at(-1);
    if (event.do === 'add') known.push({ from: event.at, until });
    else if (last !== undefined) last.until = Math.min(last.until, event.at);
  }
  const isAbsent = (vm: string, at: number) =>
    !(lifetimes.get(vm) ?? []).some((lifetime) => lifetime.from <= at && at <= lifetime.until);
  return events.flatMap((event, i) => {
    if (!('vm' in event) || PREPARED.has(event.do) || !isAbsent(event.vm, event.at)) return [];
    const there = (lifetimes.get(event.vm) ?? []).map((lifetime) => `${lifetime.from} to ${lifetime.until}`);
    return [
      { path: `events[${i}].at`, message: `${event.vm} is not there at ${event.at} s; allowed: ${there.join(', ')}` },
    ];
  });
}
