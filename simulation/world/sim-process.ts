import type { Clock, Timer } from '#actors';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimHost } from './host.ts';
import { ProcessTimer } from './process-timer.ts';

/** One run of the agent process on a host. After its death nothing of it is ever called again. */
export class SimProcess {
  readonly host: SimHost;
  readonly clock: Clock;
  readonly #time: VirtualTime;
  readonly #atDeath: (() => void)[] = [];
  #alive = true;
  #stalled = false;
  #backlog: (() => void)[] = [];
  /** Called whenever the process passes a point at which a crash is of interest. */
  onReach: ((point: string) => void) | undefined;

  constructor(host: SimHost, time: VirtualTime) {
    this.host = host;
    this.#time = time;
    this.clock = {
      nowMs: () => host.clock.nowMs,
      after: (delayMs, fire): Timer => ProcessTimer.onHostClock(this, time, delayMs, fire),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Alive, and neither it nor its host is stalled. */
  get isRunning(): boolean {
    return this.#alive && !this.#stalled && !this.host.paused;
  }

  /** Runs `fire` in this process after `trueMs` of simulated time, later if it stalls, never if it dies. */
  later(trueMs: number, fire: () => void): Timer {
    return ProcessTimer.deadline(this, this.#time, trueMs, fire);
  }

  /** Runs something in this process as soon as neither it nor its host is stalled. */
  run(work: () => void): void {
    if (this.isRunning) work();
    else if (!this.#alive) return;
    else if (this.host.paused) this.host.whenRunning(() => this.#runHere(work));
    else this.#runHere(work);
  }

  #runHere(work: () => void): void {
    if (!this.#alive) return;
    if (this.#stalled) this.#backlog.push(work);
    else work();
  }

  /** The process stands still (a stop signal, a swap storm) while its host and the VMs go on. */
  stall(): void {
    this.#stalled = true;
  }

  unstall(): void {
    if (!this.#stalled) return;
    this.#stalled = false;
    for (const work of this.#backlog.splice(0)) this.#time.after(0, () => this.run(work));
  }

  reach(point: string): void {
    if (this.#alive) this.onReach?.(point);
  }

  /** The world's side of a connection is told when the process dies. */
  atDeath(tell: () => void): void {
    if (this.#alive) this.#atDeath.push(tell);
    else tell();
  }

  die(): void {
    this.#alive = false;
    this.#backlog = [];
    for (const tell of this.#atDeath.splice(0)) tell();
  }
}
