import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { siblingProgram } from '../../setup/sibling-program.ts';
import type { SeedOutcome } from '../fuzz/fuzz-seed.ts';
import type { FuzzShape } from '../fuzz/random-cluster.ts';
import type { Played, PlayTask, SchedulePlay } from './play-task.ts';
import { Progress } from './progress.ts';
import { every, within } from './real-timer.ts';
import { RunBrokenOff } from './run-broken-off.ts';
import { stackOf } from './thread-stack.ts';

/** No event takes a hundredth of that, on a slow machine either. */
export const STUCK_AFTER_MS = 60_000;

/** Nearly all that a run allocates is dead at once: with more room the collector finds less to copy. */
const YOUNG_MIB = 192;
/** So long a thread may take until its program is loaded. */
const LOADS_WITHIN_MS = 60_000;
/** A thread that cannot be ended is left alone. */
const ENDS_WITHIN_MS = 5000;
/** A limit is that many looks without any change: a process that was stopped itself took one look late, and no more. */
const LOOKS = 10;
const LOOK_MS = 1000;

/** What a thread runs once it is guarded: it calls `servePlays`. */
export interface PlayingProgram {
  readonly file: string;
  readonly argv: readonly string[];
}

export interface ThreadOptions {
  /** Ends all at once: what is being played has no outcome. */
  readonly signal?: AbortSignal | undefined;
  /** A run in which no event ends for so long is ended. */
  readonly stuckAfterMs?: number | undefined;
  /** What plays; another than the build that ships only in tests. */
  readonly program?: PlayingProgram | undefined;
  /** Whether the stack at which a run stood is looked for. */
  readonly stacks?: boolean | undefined;
}

/** Where every thread begins. */
const GUARDED = siblingProgram(import.meta.filename, 'guarded-thread');
/** The build that ships. */
const PRODUCTION: PlayingProgram = { file: siblingProgram(import.meta.filename, 'player'), argv: [] };

interface Thread {
  readonly worker: Worker;
  readonly name: string;
  readonly progress: Progress;
}

let threads = 0;

/**
 * Plays on a core of its own, watched from this one: what stands still or dies is ended, and the next run gets a new thread.
 * One task at a time. To be closed at the end.
 */
export class PlayingThread {
  readonly #options: ThreadOptions;
  readonly #stuckAfterMs: number;
  #thread: Thread | undefined;

  constructor(options: ThreadOptions = {}) {
    this.#options = options;
    this.#stuckAfterMs = options.stuckAfterMs ?? STUCK_AFTER_MS;
  }

  /** Plays one seed; undefined when the signal came first. Rejects with `RunBrokenOff`. */
  async playSeed(seed: number, shape: FuzzShape): Promise<SeedOutcome | undefined> {
    return (await this.#ask({ kind: 'seed', seed, shape })) as SeedOutcome | undefined; // as `servePlays` answers
  }

  /** Plays one schedule; undefined when the signal came first. Rejects with `RunBrokenOff`. */
  async playSchedule(task: SchedulePlay): Promise<Played | undefined> {
    return (await this.#ask({ kind: 'schedule', ...task })) as Played | undefined; // as `servePlays` answers
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread !== undefined) await within(ENDS_WITHIN_MS, thread.worker.terminate());
  }

  #start(): Thread {
    threads += 1;
    const name = `player-${threads}`;
    const progress = new Progress();
    const { file, argv } = this.#options.program ?? PRODUCTION;
    const worker = new Worker(GUARDED, {
      ...{ name, argv: [...argv] },
      workerData: { progress: progress.shared, program: pathToFileURL(file).href },
      env: {}, // no run may depend on it
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    const thread = { worker, name, progress };
    const forget = () => {
      if (this.#thread === thread) this.#thread = undefined;
    };
    worker.on('error', forget);
    worker.on('exit', forget);
    return thread;
  }

  async #ask(task: PlayTask): Promise<unknown> {
    const { signal } = this.#options;
    if (isAborted(signal)) return undefined;
    this.#thread ??= this.#start();
    const thread = this.#thread;
    const { worker, progress } = thread;
    progress.taskBegins();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const onError = (error: unknown) => reject(died(error, progress));
    const onExit = (code: number) => reject(died(new Error(`exit code ${code}`), progress));
    const onAbort = () => resolve(undefined);
    worker.once('message', resolve);
    worker.once('error', onError);
    worker.once('exit', onExit);
    signal?.addEventListener('abort', onAbort);
    const stopLooking = this.#whenStuck(progress, () => {
      worker.off('exit', onExit); // it will be ended from here
      void this.#stuck(thread).then(reject, reject);
    });
    worker.postMessage(task);
    try {
      return await promise;
    } finally {
      stopLooking();
      worker.off('message', resolve);
      worker.off('error', onError);
      worker.off('exit', onExit);
      signal?.removeEventListener('abort', onAbort);
      if (isAborted(signal)) await this.close();
    }
  }

  /** Calls `tell` once when nothing has changed for the limit. Returns what ends the looking. */
  #whenStuck(progress: Progress, tell: () => void): () => void {
    const lookMs = Math.min(LOOK_MS, this.#stuckAfterMs / LOOKS);
    let [seen, unchanged] = [progress.events, 0];
    const stop = every(lookMs, () => {
      unchanged = progress.events === seen ? unchanged + 1 : 0;
      seen = progress.events;
      const limitMs = seen === 0 ? Math.max(LOADS_WITHIN_MS, this.#stuckAfterMs) : this.#stuckAfterMs;
      if (unchanged * lookMs < limitMs) return;
      stop();
      tell();
    });
    return stop;
  }

  async #stuck({ worker, name, progress }: Thread): Promise<RunBrokenOff> {
    const { atMs, plays } = progress;
    const where = this.#options.stacks === false ? '' : await stackOf(worker, name);
    await within(ENDS_WITHIN_MS, worker.terminate());
    return new RunBrokenOff(`no event ended for ${this.#stuckAfterMs / 1000} s`, { atMs, plays, where });
  }
}

/** Asked anew: it may be so by now. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** A thread ended in the midst of a task: out of memory, or by an error of the simulator. */
function died(error: unknown, { events, atMs, plays }: Progress): unknown {
  if (events === 0) return error; // its program was not even loaded: no run's fault
  const where = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new RunBrokenOff(`its thread ended (${String(error)})`, { atMs, plays, where });
}
