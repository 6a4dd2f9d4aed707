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
  /** Calls under way about one VM on one boot of a host: those that wait for the one that is being done. */
  readonly #lanes = new Map<string, (() => void)[]>();
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
  ): Promise<Result> {
    const { host } = process;
    const trouble = this.trouble(host.name);
    return new Promise((resolve, reject) => {
      if (!process.alive) return;
      const lane = vm === undefined ? undefined : `${host.name}/${host.boots}/${vm}`;
      const work = () => {
        try {
          const result = this.#attempt(trouble, call, act);
          process.run(() => resolve(result));
        } catch (error) {
          process.run(() => reject(error));
        }
        if (lane !== undefined) this.#next(lane);
      };
      const tookMs = this.#random.between(lowMs, highMs) + this.#random.next() * trouble.slowMs;
      const { boots } = host;
      const begin = () =>
        this.onHost(host, tookMs, () => {
          if (!trouble.hangs.has(call)) return work();
          const late = () => this.onHost(host, 0, () => (host.boots === boots ? work() : undefined));
          this.#hanging.push({ host, call, work: late });
        });
      if (lane === undefined) begin();
      else this.#queue(lane, begin);
      process.reach(`hypervisor.${call}`);
    });
  }

  #queue(lane: string, begin: () => void): void {
    const waiting = this.#lanes.get(lane);
    if (waiting !== undefined) {
      waiting.push(begin);
      return;
    }
    this.#lanes.set(lane, []);
    begin();
  }

  #next(lane: string): void {
    const next = this.#lanes.get(lane)?.shift();
    if (next === undefined) this.#lanes.delete(lane);
    else next();
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
