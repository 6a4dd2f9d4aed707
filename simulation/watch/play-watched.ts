import type { ScenarioResult } from '../run/result.ts';
import { GOES_ON } from '../standstill.ts';
import type { Played, SchedulePlay } from './play-task.ts';
import type { PlayingThread } from './playing-thread.ts';
import { RunBrokenOff } from './run-broken-off.ts';

/**
 * Plays a schedule on that thread. A run that is broken off there is a violation, the last of a result that tells what
 * happened until then: played once more, up to the instant at which it stood. Undefined when the thread was stopped.
 */
export async function playWatched(thread: PlayingThread, task: SchedulePlay): Promise<Played | undefined> {
  try {
    return await thread.playSchedule(task);
  } catch (error) {
    if (!(error instanceof RunBrokenOff)) throw error;
    const { result, journals } = await storyUntil(thread, task, error.atMs);
    const at = error.atMs / 1000;
    const violation = { at, invariant: GOES_ON, why: `${error.message}\n${error.where}` };
    const violations = [...result.violations, violation];
    return { result: { ...result, ok: false, unmet: [], violations }, journals };
  }
}

async function storyUntil(thread: PlayingThread, task: SchedulePlay, atMs: number): Promise<Played> {
  const nothing = { result: nothingPlayed(task), journals: [] };
  if (atMs === 0) return nothing;
  try {
    return (await thread.playSchedule({ ...task, endsBeforeMs: atMs })) ?? nothing;
  } catch (error) {
    if (error instanceof RunBrokenOff) return nothing; // it ends elsewhere now: what ended it is no function of the seed
    throw error;
  }
}

function nothingPlayed({ schedule: { scenario }, seed }: SchedulePlay): ScenarioResult {
  return {
    ...{ name: scenario.name, seed: seed ?? scenario.settings.seed, ok: false, hash: '' },
    ...{ placement: {}, unmet: [], timeline: [], recoveries: [], violations: [] },
    ...{ decisions: 0, simulatedSeconds: 0, wallSeconds: 0 },
  };
}
