import type { NodeId } from '#machines';
import type { VmCopy } from '#ports';
import type { VirtualTime } from '../virtual-time.ts';
import { HostClock } from './host-clock.ts';
import { SimProcess } from './sim-process.ts';

export type Link = 'storage' | 'management' | 'vmNetwork';

/** How the operating system in a VM is. The hypervisor does not see it. */
export type Guest = 'booting' | 'up' | 'not-booted' | 'panicked' | 'hung';

/** A copy of a VM in a host's memory. */
export interface SimCopy {
  vm: VmCopy['vm'];
  epoch: number;
  state: VmCopy['state'];
  reason: VmCopy['reason'];
  guest: Guest;
  /** It is part of a migration, which may let one that stands here run again; one that arrives does not run. */
  job?: 'leaving' | 'arriving' | undefined;
}

/**
 * A physical host: power, links, its own clock, a stall of everything on it, and the copies of VMs in its memory. What is
 * in memory goes with the power; `boots` and what stands on shared storage stay.
 */
export class SimHost {
  readonly name: NodeId;
  readonly #time: VirtualTime;
  /** This host's own time, over all boots: its start and rate mean nothing to others. */
  readonly clock: HostClock;
  readonly links: Record<Link, boolean> = { storage: true, management: true, vmNetwork: true };
  /** T4, T8: what probes find. */
  readonly works = { fileSystem: true, storageService: true };
  readonly copies = new Map<VmCopy['vm'], SimCopy>();
  powered = false;
  /** Counts boots. */
  boots = 0;
  /** Counts agent processes. */
  processes = 0;
  /** How far its wall clock is off; nothing that decides may read a wall clock (G3). */
  wallOffsetMs = 0;
  /** The operating system is up: only then can an agent run. */
  booted = false;
  /** The operating system goes down in order; any program on it can ask. */
  goingDown: { readonly reboot: boolean } | undefined;
  /** The marker on a memory file system that an agent of this boot left when it had joined. */
  joined = false;
  #paused = false;
  #backlog: (() => void)[] = [];
  #process: SimProcess | undefined;

  constructor(name: NodeId, time: VirtualTime, clock = new HostClock(time, 0, 1)) {
    this.name = name;
    this.#time = time;
    this.clock = clock;
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
    this.works.fileSystem = true;
  }

  /** Everything in memory is gone at once. */
  powerOff(): void {
    this.powered = false;
    this.booted = false;
    this.goingDown = undefined;
    this.joined = false;
    this.#paused = false;
    this.#backlog = [];
    this.killProcess();
    this.copies.clear();
  }

  startProcess(): SimProcess {
    if (!this.powered || this.#process !== undefined) throw new Error(`${this.name} cannot start an agent now`);
    this.#process = new SimProcess(this, this.#time);
    this.processes += 1;
    return this.#process;
  }

  /** SIGKILL of the agent: its timers and pending calls end without a word. The copies of VMs live on. */
  killProcess(): void {
    this.#process?.die();
    this.#process = undefined;
  }

  /** A stall of the whole host: nothing on it runs, time passes. */
  pause(): void {
    if (this.powered) this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const run of backlog) this.#time.after(0, () => this.whenRunning(run));
  }

  /** Runs now, or when the stall ends; never if the power goes first. */
  whenRunning(run: () => void): void {
    if (this.#paused) this.#backlog.push(run);
    else run();
  }
}
