import type { Scenario } from '../scenario/mod.ts';
import { type PlayOptions, play } from './play.ts';
import type { ScenarioResult, TimelineEntry, Violation } from './result.ts';
import { withoutWallClockJumps } from './wall-clock-jumps.ts';

/**
 * Plays a scenario, and once more without the jumps of its wall clocks when it has any: that the two stories differ is a
 * violation of its own (G3), the last of the result.
 */
export async function playChecked(scenario: Scenario, options: PlayOptions): Promise<ScenarioResult> {
  const result = await play(scenario, options);
  const violation = await wallClockDependence(scenario, options, result);
  if (violation === undefined) return result;
  return { ...result, ok: false, violations: [...result.violations, violation] };
}

/** G3: without the jumps of its wall clocks the very same must have happened. Undefined when it did. */
async function wallClockDependence(
  scenario: Scenario,
  { atEnd: _once, ...options }: PlayOptions,
  withJumps: ScenarioResult,
): Promise<Violation | undefined> {
  const quiet = withoutWallClockJumps(scenario);
  if (quiet === undefined) return undefined;
  const a = story(withJumps);
  const b = story(await play(quiet, options));
  const differs = a.findIndex((entry, i) => JSON.stringify(entry) !== JSON.stringify(b[i]));
  if (differs < 0 && a.length === b.length) return undefined;
  const index = differs < 0 ? a.length : differs;
  const at = Math.min(...[a[index], b[index]].map((entry) => entry?.at ?? withJumps.simulatedSeconds));
  const why = `with jumps: ${inWords(a[index])}; without: ${inWords(b[index])}`;
  return { at, invariant: 'G3: no behaviour changes when wall clocks jump', why };
}

function story({ timeline }: ScenarioResult): readonly TimelineEntry[] {
  return timeline.filter(({ what }) => what !== 'scenario: clock-jump');
}

function inWords(entry: TimelineEntry | undefined): string {
  if (entry === undefined) return 'nothing more';
  const { at, what, vm, node } = entry;
  return [`at ${at} s`, what, vm, node].filter((part) => part !== undefined).join(' ');
}
