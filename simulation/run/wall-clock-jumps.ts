import type { Scenario, ScenarioEvent } from '../scenario/mod.ts';
import { SeededRandom } from '../seeded-random.ts';

/** Between two jumps of one host's wall clock, on the average. */
const BETWEEN_SECONDS = 200;

/**
 * What the setting `clock.wallJumpSeconds` means: again and again the wall clock of each host jumps by that, forward or
 * back, each host's at other moments.
 */
export function wallClockJumps({ settings, nodes, until }: Scenario, seed: string): readonly ScenarioEvent[] {
  const { wallJumpSeconds } = settings.clock;
  if (wallJumpSeconds === 0) return [];
  return nodes.flatMap(({ name: node }) => {
    const random = new SeededRandom(`${seed}/wall-clock/${node}`);
    const jumps: ScenarioEvent[] = [];
    for (let at = random.between(0, BETWEEN_SECONDS); at < until; at += random.between(0, 2 * BETWEEN_SECONDS)) {
      jumps.push({ at, do: 'clock-jump', node, seconds: random.chance(0.5) ? wallJumpSeconds : -wallJumpSeconds });
    }
    return jumps;
  });
}

/** The same scenario with wall clocks that run on; undefined when they do so anyway. */
export function withoutWallClockJumps(scenario: Scenario): Scenario | undefined {
  const events = scenario.events.filter((event) => event.do !== 'clock-jump');
  const { clock } = scenario.settings;
  if (events.length === scenario.events.length && clock.wallJumpSeconds === 0) return undefined;
  return { ...scenario, events, settings: { ...scenario.settings, clock: { ...clock, wallJumpSeconds: 0 } } };
}
