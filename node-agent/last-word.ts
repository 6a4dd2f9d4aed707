import { type Clock, sleep } from '#actors';
import type { Hypervisor } from '#ports';
import type { LateWriters } from './late-writers.ts';
import type { NodeLogEntry } from './node-process-options.ts';
import type { WordEvent } from './node-supervision.ts';
import type { PerVm } from './per-vm.ts';
import type { CopyPorts } from './start-copy.ts';
import { endCopy } from './stop-copy.ts';

/** How long a guest may take to shut down when its host does, ms. */
const SHUTDOWN_GRACE_MS = 30_000;
/** An orderly shutdown says so that often before it goes on without being heard. */
const WORD_TRIES = 3;
/** So many intervals it waits for a good slot write after a guest had to be forced off. */
const LAST_WRITE_TRIES = 5;

export interface LastWordOptions {
  readonly clock: Clock;
  readonly hypervisor: Hypervisor;
  readonly ports: CopyPorts;
  readonly perVm: PerVm;
  readonly lateWriters: LateWriters;
  readonly intervalMs: number;
  readonly hasEnded: () => boolean;
  /** Tells the node's actor. */
  readonly tell: (word: WordEvent) => Promise<void>;
  readonly note: (entry: Omit<NodeLogEntry, 'atMs' | 'node'>) => void;
  readonly onError: (error: unknown) => void;
}

/** T5, B9: what an orderly shutdown does before the host goes: ends all copies, proves that none writes, says so. */
export class LastWord {
  readonly #options: LastWordOptions;

  constructor(options: LastWordOptions) {
    this.#options = options;
  }

  /** Also what is just being started: nothing new begins any more, and nothing may run once "all is off" was said. */
  async endEverything(): Promise<void> {
    const { hypervisor, clock, ports, perVm, intervalMs, hasEnded, onError } = this.#options;
    while (!hasEnded()) {
      try {
        const copies = (await hypervisor.list()).map(({ vm }) => vm);
        const vms = [...new Set([...copies, ...ports.underWay.vms])];
        if (vms.length === 0) return;
        await Promise.all(vms.map((vm) => perVm.run(vm, () => endCopy(ports, vm, SHUTDOWN_GRACE_MS))));
      } catch (error) {
        // Nothing may be said of VMs that could not be ended: again, until the host's own patience ends.
        onError(error);
        await sleep(clock, intervalMs);
      }
    }
  }

  /** False when a guest that was forced off may still write: then "all is off" would be false (G2), the others wait for the bound. */
  async lastWritesLanded(): Promise<boolean> {
    const { lateWriters, clock, intervalMs, note } = this.#options;
    for (let tries = 0; tries < LAST_WRITE_TRIES && lateWriters.vms.length > 0; tries += 1) {
      await sleep(clock, intervalMs);
    }
    const { vms } = lateWriters;
    if (vms.length > 0) note({ what: 'refuse', why: `no word: ${vms.join(', ')} may still write (G2)` });
    return vms.length === 0;
  }

  /** Tried a few times; a host whose word nobody hears still goes down, and the others wait for the bound. */
  async say(word: Omit<WordEvent, 'state'>): Promise<void> {
    const { tell, clock, intervalMs, onError } = this.#options;
    for (let tries = 0; tries < WORD_TRIES; tries += 1) {
      try {
        return await tell({ ...word, state: 'off' });
      } catch (error) {
        onError(error);
        await sleep(clock, intervalMs);
      }
    }
  }
}
