import type { Clock, Timer } from '#actors';
import type { NodeId } from '#machines';
import type { VmCopy } from '#ports';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';

export type Link = 'storage' | 'management' | 'vmNetwork';

/** A copy of a VM in a host's memory. */
export interface SimCopy {
  vm: VmCopy['vm'];
  epoch: number;
  state: VmCopy['state'];
  reason: VmCopy['reason'];
}

/**
 * A physical host: power, links, a stall of everything on it, and the copies of VMs in its memory. What is in memory goes
 * with the power; `boots` and what stands on shared storage stay.
 */
export class SimHost {
  readonly name: NodeId;
  readonly #time: VirtualTime;
  readonly links: Record<Link, boolean> = { storage: true, management: true, vmNetwork: true };
  readonly copies = new Map<VmCopy['vm'], SimCopy>();
  powered = false;
  /** Counts boots: the host's incarnation. */
  boots = 0;
  /** The operating system is up: only then can an agent run. */
  booted = false;
  /** An agent ran since the last boot (a marker that goes with the memory). */
  agentRan = false;
  #paused = false;
  #backlog: (() => void)[] = [];
  #process: SimProcess | undefined;

  constructor(name: NodeId, time: VirtualTime) {
    this.name = name;
    this.#time = time;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Powered and not stalled. */
  get alive(): boolean {
    return this.powered && !this.#paused;
  }

  get process(): SimProcess | undefined {
    return this.#process;
  }

  powerOn(): void {
    if (this.powered) throw new Error(`${this.name} has power already`);
    this.powered = true;
    this.boots += 1;
  }

  /** Everything in memory is gone at once. */
  powerOff(): void {
    this.powered = false;
    this.booted = false;
    this.agentRan = false;
    this.#paused = false;
    this.#backlog = [];
    this.killProcess();
    this.copies.clear();
  }

  startProcess(random: SeededRandom, driftPercent: number): SimProcess {
    if (!this.powered || this.#process !== undefined) throw new Error(`${this.name} cannot start an agent now`);
    this.#process = new SimProcess(this, this.#time, random.int(0, 1e9), 1 + driftPercent / 100);
    return this.#process;
  }

  /** SIGKILL of the agent: its timers and pending calls end without a word. The copies of VMs live on. */
  killProcess(): void {
    this.#process?.die();
    this.#process = undefined;
  }

  /** A stall of the whole host: nothing on it runs, time passes. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const run of backlog) this.#time.after(0, run);
  }

  /** Runs now, or when the stall ends. */
  whenRunning(run: () => void): void {
    if (this.#paused) this.#backlog.push(() => this.whenRunning(run));
    else run();
  }
}

/** One run of the agent process on a host. After its death nothing of it is ever called again. */
export class SimProcess {
  readonly host: SimHost;
  readonly clock: Clock;
  readonly #time: VirtualTime;
  readonly #atDeath: (() => void)[] = [];
  #alive = true;

  /** `rate`: local milliseconds per true millisecond. `baseMs`: the arbitrary start of its clock. */
  constructor(host: SimHost, time: VirtualTime, baseMs: number, rate: number) {
    this.host = host;
    this.#time = time;
    const born = time.now;
    this.clock = {
      nowMs: () => baseMs + (time.now - born) * rate,
      after: (delayMs, fire): Timer => this.later(Math.max(0, delayMs) / rate, fire),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Runs `fire` in this process after `trueMs` of simulated time, later if the host stalls, never if the process dies. */
  later(trueMs: number, fire: () => void): Timer {
    let cancelled = false;
    const planned = this.#time.after(trueMs, () => {
      if (!cancelled) this.run(() => (cancelled ? undefined : fire()));
    });
    return {
      cancel: () => {
        cancelled = true;
        planned.cancel();
      },
    };
  }

  /** Runs something in this process as soon as its host is not stalled. */
  run(work: () => void): void {
    if (!this.#alive) return;
    this.host.whenRunning(() => {
      if (this.#alive) work();
    });
  }

  /** The world's side of a connection is told when the process dies. */
  atDeath(tell: () => void): void {
    if (this.#alive) this.#atDeath.push(tell);
    else tell();
  }

  die(): void {
    this.#alive = false;
    for (const tell of this.#atDeath.splice(0)) tell();
  }
}
