import { TerminalError } from '#actors';

/** The invariant that a run breaks which goes on for ever, or does not go on at all. */
export const GOES_ON = 'the run goes on';

/** Event follows event while simulated time hardly advances: such a run would never end. */
export class TimeStandsStill extends TerminalError {
  override readonly name = 'TimeStandsStill';
  readonly code = 'TIME_STANDS_STILL';
  /** The instant at which it was given up. */
  readonly atMs: number;

  /** `events`: how many there were since `sinceMs`. `where`: the stack by which most of the last ones were planned. */
  constructor(events: number, sinceMs: number, atMs: number, where: string) {
    super(
      `${events} events from ${inSeconds(sinceMs)} to ${inSeconds(atMs)} and no end\nmost of the last were planned\n${where}`,
    );
    this.atMs = atMs;
  }
}

/** An instant in words. */
export function inSeconds(ms: number): string {
  return `${Math.round(ms * 1000) / 1e6} s`;
}

/** Frames that tell who plans: those of the world's ports come first. */
const FRAMES = 30;
/** The first line of a stack and the frames of the trace itself and of whoever calls it. */
const OWN_LINES = 3;

/** Who plans events. Costs much for each, so it begins only when something is wrong. */
export class PlanningTrace {
  readonly #stacks = new Map<string, number>();

  /** To be called by a function of the one that plans. */
  note(): void {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = FRAMES;
    // biome-ignore lint/plugin: for people, in a message that is no part of the timeline
    const stack = new Error('planned').stack ?? '';
    Error.stackTraceLimit = limit;
    const where = stack.split('\n').slice(OWN_LINES).join('\n');
    this.#stacks.set(where, (this.#stacks.get(where) ?? 0) + 1);
  }

  /** The stack that planned most; of those that planned as many the one that was first. */
  commonest(): string {
    let [most, times] = ['', 0];
    for (const [where, count] of this.#stacks) if (count > times) [most, times] = [where, count];
    return most;
  }
}
