import type { NodeId, VmId } from '#machines';
import { type Hypervisor, HypervisorError, type VmCopy } from '#ports';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimCopy, SimHost, SimProcess } from './host.ts';

/** What the scenario wants to go wrong. */
export interface HypervisorFaults {
  readonly startFails: Map<VmId, { left: number; readonly node: NodeId | undefined }>;
  readonly suspendFails: Set<VmId>;
}

/** The hypervisors of all hosts: calls take time and outlive the agent that made them, copies do not outlive the power. */
export class SimHypervisors {
  readonly faults: HypervisorFaults = { startFails: new Map(), suspendFails: new Set() };
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #changed: (host: SimHost, copy: SimCopy) => void;
  readonly #listeners = new Map<SimHost, Set<(copy: VmCopy) => void>>();

  /** `changed` is told of every change of a copy, at the instant it happens. */
  constructor(time: VirtualTime, random: SeededRandom, changed: (host: SimHost, copy: SimCopy) => void) {
    this.#time = time;
    this.#random = random;
    this.#changed = changed;
  }

  /** A copy changes for a reason of its own (QEMU killed, guest shut down). */
  change(host: SimHost, copy: SimCopy, state: VmCopy['state'], reason?: VmCopy['reason']): void {
    copy.state = state;
    copy.reason = reason;
    this.#changed(host, copy);
    const seen = face(copy);
    for (const listener of this.#listeners.get(host) ?? []) listener(seen);
  }

  /** A running copy that nobody started in this world: the state a scenario begins with. */
  place(host: SimHost, vm: VmId, epoch: number): void {
    const copy: SimCopy = { vm, epoch, state: 'running', reason: undefined };
    host.copies.set(vm, copy);
    this.change(host, copy, 'running');
  }

  open(process: SimProcess): Hypervisor {
    const { host } = process;
    const find = (vm: VmId): SimCopy => {
      const copy = host.copies.get(vm);
      if (copy === undefined) throw new HypervisorError(`${host.name} has no copy of ${vm}`);
      return copy;
    };
    return {
      list: () => this.#call(process, 1, 3, () => [...host.copies.values()].map(face)),
      start: (spec, epoch) => this.#call(process, 600, 1400, () => this.#start(host, spec.vm, epoch)),
      suspend: (vm) =>
        this.#call(process, 20, 120, () => {
          if (this.faults.suspendFails.has(vm)) throw new HypervisorError(`${vm} does not suspend`);
          const copy = find(vm);
          if (copy.state === 'off') throw new HypervisorError(`${vm} is off`);
          if (copy.state === 'running') this.change(host, copy, 'suspended');
        }),
      resume: (vm) =>
        this.#call(process, 20, 80, () => {
          const copy = find(vm);
          if (copy.state === 'off') throw new HypervisorError(`${vm} is off`);
          if (copy.state === 'suspended') this.change(host, copy, 'running');
        }),
      shutdown: (vm) =>
        this.#call(process, 5, 20, () => {
          const copy = find(vm);
          this.#onHost(host, this.#random.between(2000, 5000), () => {
            if (host.copies.get(vm) === copy && copy.state === 'running')
              this.change(host, copy, 'off', 'guest-shutdown');
          });
        }),
      destroy: (vm) =>
        this.#call(process, 50, 300, () => {
          const copy = host.copies.get(vm);
          if (copy !== undefined && copy.state !== 'off') this.change(host, copy, 'off', 'destroyed');
        }),
      remove: (vm) =>
        this.#call(process, 10, 50, () => {
          const copy = host.copies.get(vm);
          if (copy === undefined) return;
          if (copy.state === 'running') throw new HypervisorError(`${vm} is running: destroy it first`);
          if (copy.state === 'suspended') this.change(host, copy, 'off', 'destroyed');
          host.copies.delete(vm);
        }),
      subscribe: (listener) => {
        const tell = (copy: VmCopy) => process.run(() => listener(copy));
        const listeners = this.#listeners.get(host) ?? new Set();
        this.#listeners.set(host, listeners);
        listeners.add(tell);
        const drop = () => {
          listeners.delete(tell);
        };
        process.atDeath(drop);
        return drop;
      },
      close: async () => {},
    };
  }

  #start(host: SimHost, vm: VmId, epoch: number): void {
    const fault = this.faults.startFails.get(vm);
    if (fault !== undefined && fault.left > 0 && (fault.node === undefined || fault.node === host.name)) {
      fault.left -= 1;
      throw new HypervisorError(`${vm} does not start on ${host.name}`);
    }
    if (!host.links.storage) throw new HypervisorError(`${host.name} cannot open the disk of ${vm}`);
    const found = host.copies.get(vm);
    if (found?.state === 'suspended') throw new HypervisorError(`${vm} is here, suspended: remove it first`);
    if (found?.state === 'running') {
      found.epoch = epoch;
      return;
    }
    const copy: SimCopy = { vm, epoch, state: 'off', reason: undefined };
    host.copies.set(vm, copy);
    this.change(host, copy, 'running');
  }

  #call<Result>(process: SimProcess, lowMs: number, highMs: number, act: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (!process.alive) return;
      this.#onHost(process.host, this.#random.between(lowMs, highMs), () => {
        try {
          const result = act();
          process.run(() => resolve(result));
        } catch (error) {
          process.run(() => reject(error));
        }
      });
    });
  }

  /** On this boot of the host, when it is not stalled; dropped if the power goes first. */
  #onHost(host: SimHost, delayMs: number, work: () => void): void {
    const boot = host.boots;
    this.#time.after(delayMs, () => {
      if (!host.powered || host.boots !== boot) return;
      host.whenRunning(() => {
        if (host.powered && host.boots === boot) work();
      });
    });
  }
}

function face(copy: SimCopy): VmCopy {
  const { vm, epoch, state, reason } = copy;
  return reason === undefined ? { vm, epoch, state } : { vm, epoch, state, reason };
}
