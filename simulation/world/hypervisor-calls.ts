import type { NodeId, VmId } from '#machines';
import { HypervisorError } from '#ports';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimHost } from './host.ts';
import type { SimProcess } from './sim-process.ts';

export const HYPERVISOR_CALLS = [
  'list',
  'start',
  'suspend',
  'resume',
  'shutdown',
  'destroy',
  'remove',
  'migrate',
] as const;
export type HypervisorCall = (typeof HYPERVISOR_CALLS)[number];

/** What libvirt lets through while a VM migrates; everything else about it waits. */
const BESIDE_MIGRATION: ReadonlySet<HypervisorCall> = new Set(['suspend', 'destroy', 'remove']);

/** Calls under way about one VM. */
interface Lane {
  readonly head: HypervisorCall;
  /** The head and what it lets through. */
  busy: number;
  readonly waiting: { readonly call: HypervisorCall; readonly begin: () => void }[];
}

/** What ails one host's hypervisor. */
export interface HypervisorTrouble {
  /** Every call may take up to this much longer. */
  slowMs: number;
  /** Calls of these kinds fail; half of them did it all the same. */
  readonly fails: Set<HypervisorCall>;
  /** Calls of these kinds are taken and done only when the trouble ends. */
  readonly hangs: Set<HypervisorCall>;
}

/** Calls to hypervisors: they take time, and outlive the agent that made them but not the host's power. */
export class HypervisorCalls {
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #trouble = new Map<NodeId, HypervisorTrouble>();
  /** By host, its boot and VM. */
  readonly #lanes = new Map<string, Lane>();
  readonly #hanging: { readonly host: SimHost; readonly call: HypervisorCall; readonly work: () => void }[] = [];

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  trouble(node: NodeId): HypervisorTrouble {
    const known = this.#trouble.get(node);
    if (known !== undefined) return known;
    const none: HypervisorTrouble = { slowMs: 0, fails: new Set(), hangs: new Set() };
    this.#trouble.set(node, none);
    return none;
  }

  /** Calls that hung and need no longer do so are done now. */
  troubleChanged(): void {
    for (const waiting of this.#hanging.splice(0)) {
      if (this.trouble(waiting.host.name).hangs.has(waiting.call)) this.#hanging.push(waiting);
      else waiting.work();
    }
  }

  make<Result>(
    process: SimProcess,
    call: HypervisorCall,
    lowMs: number,
    highMs: number,
    act: () => Result,
    /** Calls about one VM are done one after the other. */
    vm?: VmId,
    /** Also while it migrates. */
    isLetThrough = BESIDE_MIGRATION.has(call),
  ): Promise<Result> {
    const { host } = process;
    const trouble = this.trouble(host.name);
    return new Promise((resolve, reject) => {
      if (!process.alive) return;
      const lane = vm === undefined ? undefined : laneOf(host, vm);
      const work = () => {
        try {
          const result = this.#attempt(trouble, call, act);
          process.run(() => resolve(result));
        } catch (error) {
          process.run(() => reject(error));
        }
        if (lane !== undefined) this.#ended(lane);
      };
      const tookMs = this.#timeOf(trouble, lowMs, highMs);
      const begin = () => this.onHost(host, tookMs, () => this.whenNotHung(host, call, work));
      if (lane === undefined) begin();
      else this.#queue(lane, call, begin, isLetThrough);
      process.reach(`hypervisor.${call}`);
    });
  }

  /** One that does its work in steps of its own, and says when it has ended; it looks after the host's troubles itself. */
  makeLong(
    process: SimProcess,
    call: HypervisorCall,
    lowMs: number,
    highMs: number,
    vm: VmId,
    begin: (tookMs: number, end: (error?: HypervisorError) => void) => void,
  ): Promise<void> {
    const { host } = process;
    return new Promise((resolve, reject) => {
      if (!process.alive) return;
      const lane = laneOf(host, vm);
      const end = (error?: HypervisorError) => {
        process.run(() => (error === undefined ? resolve() : reject(error)));
        this.#ended(lane);
      };
      const tookMs = this.#timeOf(this.trouble(host.name), lowMs, highMs);
      this.#queue(lane, call, () => begin(tookMs, end), false);
      process.reach(`hypervisor.${call}`);
    });
  }

  /** Now, or when calls of that kind no longer hang there. */
  whenNotHung(host: SimHost, call: HypervisorCall, work: () => void): void {
    const { boots } = host;
    const late = () => this.onHost(host, 0, () => (host.boots === boots ? work() : undefined));
    if (this.trouble(host.name).hangs.has(call)) this.#hanging.push({ host, call, work: late });
    else work();
  }

  #timeOf(trouble: HypervisorTrouble, lowMs: number, highMs: number): number {
    return this.#random.between(lowMs, highMs) + this.#random.next() * trouble.slowMs;
  }

  #queue(name: string, call: HypervisorCall, begin: () => void, isLetThrough: boolean): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) {
      this.#lanes.set(name, { head: call, busy: 1, waiting: [] });
      begin();
    } else if (isLetThrough && lane.head === 'migrate' && lane.waiting.length === 0) {
      lane.busy += 1;
      begin();
    } else lane.waiting.push({ call, begin });
  }

  #ended(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return;
    lane.busy -= 1;
    if (lane.busy > 0) return;
    const [next, ...waiting] = lane.waiting;
    if (next === undefined) this.#lanes.delete(name);
    else {
      this.#lanes.set(name, { head: next.call, busy: 1, waiting });
      next.begin();
    }
  }

  /** On this boot of the host, when it is not stalled; dropped if the power goes first. */
  onHost(host: SimHost, delayMs: number, work: () => void): void {
    const { boots } = host;
    this.#time.after(delayMs, () => {
      if (!host.powered || host.boots !== boots) return;
      host.whenRunning(() => {
        if (host.powered && host.boots === boots) work();
      });
    });
  }

  #attempt<Result>(trouble: HypervisorTrouble, call: HypervisorCall, act: () => Result): Result {
    if (!trouble.fails.has(call)) return act();
    if (call !== 'list' && this.#random.chance(0.5)) act();
    throw new HypervisorError(`${call} failed`);
  }
}

function laneOf(host: SimHost, vm: VmId): string {
  return `${host.name}/${host.boots}/${vm}`;
}
