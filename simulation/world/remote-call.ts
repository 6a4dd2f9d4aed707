import type { Timer } from '#actors';
import { PlannedEvent } from '../event-heap.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimProcess } from './sim-process.ts';

/** Where a call goes to, and what is between. */
export interface Way {
  /** Names the crash point: the process may die right after it sent this. */
  readonly port: 'storage' | 'database' | 'messaging';
  readonly thereMs: number;
  readonly backMs: number;
  /** When nothing came back, the caller is told `unavailable` this long after it asked. */
  readonly timeoutMs: number;
}

/** What the act came to. */
type Outcome<Result> = { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly error: unknown };

/**
 * A call from a process to something outside it: a way there, the act, a way back. Lost on the way there: not done. Lost on
 * the way back: done, and the caller cannot know. A process that dies meanwhile never hears of it.
 */
export abstract class RemoteCall<Result> extends PlannedEvent {
  readonly #process: SimProcess;
  readonly #time: VirtualTime;
  readonly #way: Way;
  readonly #boots: number;
  #deadline: Timer | undefined;
  #resolve: ((result: Result) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  /** What the caller is told; undefined on the way there. */
  #outcome: Outcome<Result> | undefined;

  constructor(process: SimProcess, time: VirtualTime, way: Way) {
    super();
    this.#process = process;
    this.#time = time;
    this.#way = way;
    this.#boots = process.host.boots;
  }

  /** Whether the other end can be reached at this instant. */
  protected abstract reachable(): boolean;
  /** The act itself, at the other end. May throw: the caller sees it. */
  protected abstract act(): Result | Promise<Result>;
  protected abstract unavailable(): Error;

  /** Whether its answer can come back at this instant. */
  protected answerable(): boolean {
    return this.reachable();
  }

  /** The request could not get there. */
  protected lost(): void {}

  /** Its answer could not come back. */
  protected unanswered(): void {}

  /** It got there: does it, now or later. */
  protected arrive(): void {
    this.proceed();
  }

  /** Plays it, once. */
  begin(): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      if (!this.#process.alive) return;
      this.#resolve = resolve;
      this.#reject = reject;
      this.#deadline = this.#process.later(this.#way.timeoutMs, () => reject(this.unavailable()));
      this.#time.plan(this.#way.thereMs, this);
      this.#process.reach(this.#way.port);
    });
  }

  happen(): void {
    if (this.#outcome === undefined) this.#there();
    else this.#back(this.#outcome);
  }

  /** To be called once, at the other end. */
  proceed(): void {
    try {
      const result = this.act();
      if (!(result instanceof Promise)) this.#answer({ ok: true, result });
      else {
        result.then(
          (value) => this.#answer({ ok: true, result: value }),
          (error: unknown) => this.#answer({ ok: false, error }),
        );
      }
    } catch (error) {
      this.#answer({ ok: false, error });
    }
  }

  #there(): void {
    const { host } = this.#process;
    if (!host.powered || host.boots !== this.#boots) return;
    if (this.reachable()) this.arrive();
    else this.lost();
  }

  #answer(outcome: Outcome<Result>): void {
    this.#outcome = outcome;
    this.#time.plan(this.#way.backMs, this);
  }

  #back(outcome: Outcome<Result>): void {
    if (!this.answerable()) this.unanswered();
    else if (this.#process.isRunning) this.#settle(outcome);
    else this.#process.run(() => this.#settle(outcome));
  }

  #settle(outcome: Outcome<Result>): void {
    this.#deadline?.cancel();
    if (outcome.ok) this.#resolve?.(outcome.result);
    else this.#reject?.(outcome.error);
  }
}
