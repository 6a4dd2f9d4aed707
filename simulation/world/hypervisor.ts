import type { NodeId, VmId } from '#machines';
import { type Hypervisor, HypervisorError, type VmCopy } from '#ports';
import { Guests } from './guests.ts';
import type { SimCopy, SimHost } from './host.ts';
import { HypervisorCalls, type HypervisorTrouble } from './hypervisor-calls.ts';
import { define, face, find } from './hypervisor-copies.ts';
import type { HypervisorFaults, HypervisorWorld } from './hypervisor-world.ts';
import { Migrations } from './migrations.ts';
import type { SimProcess } from './sim-process.ts';

/** The hypervisors of all hosts: calls take time and outlive the agent that made them, copies do not outlive the power. */
export class SimHypervisors {
  readonly faults: HypervisorFaults = { startFails: new Map(), suspendFails: new Set(), migrateFails: new Map() };
  readonly guests: Guests;
  readonly #world: HypervisorWorld;
  readonly #calls: HypervisorCalls;
  readonly #migrations: Migrations;
  readonly #listeners = new Map<SimHost, Set<(copy: VmCopy) => void>>();

  constructor(world: HypervisorWorld) {
    this.#world = world;
    this.#calls = new HypervisorCalls(world.time, world.random);
    this.guests = new Guests(world.time, world.random);
    this.#migrations = new Migrations({
      ...{ calls: this.#calls, world, random: world.random },
      mustFail: (vm) => this.#mustFail(vm),
      change: (host, copy, state, reason) => this.change(host, copy, state, reason),
    });
  }

  /** The troubles of one host's hypervisor, to be changed; after a change call `troubleChanged`. */
  trouble(node: NodeId): HypervisorTrouble {
    return this.#calls.trouble(node);
  }

  troubleChanged(): void {
    this.#calls.troubleChanged();
  }

  /** A copy changes for a reason of its own (QEMU killed, guest shut down). */
  change(host: SimHost, copy: SimCopy, state: VmCopy['state'], reason?: VmCopy['reason']): void {
    const before = copy.state;
    copy.state = state;
    copy.reason = reason;
    this.#world.disks?.changed(host, copy, before);
    this.#world.changed(host, copy, before);
    const seen = face(copy);
    for (const listener of this.#listeners.get(host) ?? []) listener(seen);
  }

  /** A running copy that nobody started in this world: the state a scenario begins with. */
  place(host: SimHost, vm: VmId, epoch: number): void {
    const copy: SimCopy = { vm, epoch, state: 'running', reason: undefined, guest: 'up' };
    host.copies.set(vm, copy);
    this.change(host, copy, 'running');
  }

  open(process: SimProcess): Hypervisor {
    const { host } = process;
    const calls = this.#calls;
    return {
      list: () => calls.make(process, 'list', 1, 3, () => [...host.copies.values()].map(face)),
      start: (spec, epoch) => {
        if (process.alive) define(host, spec.vm, epoch);
        return calls.make(process, 'start', 600, 1400, () => this.#start(host, spec.vm, epoch), spec.vm);
      },
      suspend: async (vm) => {
        await calls.make(process, 'suspend', 20, 120, () => this.#suspend(host, vm), vm);
        await this.#drained(process, vm);
      },
      settle: async (vm) => {
        this.#migrations.abort(host, vm);
        await calls.make(process, 'suspend', 1, 5, () => {}, vm, false); // held up by what holds up a suspend
        await this.#drained(process, vm);
      },
      resume: (vm) => calls.make(process, 'resume', 20, 80, () => this.#resume(host, vm), vm),
      shutdown: (vm) => calls.make(process, 'shutdown', 5, 20, () => this.#shutdown(host, vm), vm),
      destroy: (vm) =>
        calls.make(
          process,
          'destroy',
          50,
          300,
          () => {
            const copy = host.copies.get(vm);
            if (copy !== undefined && copy.state !== 'off') this.change(host, copy, 'off', 'destroyed');
          },
          vm,
        ),
      remove: (vm) => calls.make(process, 'remove', 10, 50, () => this.#remove(host, vm), vm),
      migrate: (vm, to, epoch) =>
        calls.makeLong(process, 'migrate', 1000, 4000, vm, (tookMs, end) =>
          this.#migrations.begin({ host, vm, to, epoch, tookMs }, end),
        ),
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
    if (!this.#world.diskReachable(host)) throw new HypervisorError(`${host.name} cannot open the disk of ${vm}`);
    const found = host.copies.get(vm);
    if (found?.state === 'suspended') throw new HypervisorError(`${vm} is here, suspended: remove it first`);
    if (found?.state === 'running') {
      found.epoch = epoch;
      return;
    }
    const copy: SimCopy = { vm, epoch, state: 'off', reason: undefined, guest: 'booting' };
    host.copies.set(vm, copy);
    this.change(host, copy, 'running');
    this.guests.boot(host, copy);
  }

  #suspend(host: SimHost, vm: VmId): void {
    if (this.faults.suspendFails.has(vm)) throw new HypervisorError(`${vm} does not suspend`);
    const copy = find(host, vm);
    if (copy.state === 'off') throw new HypervisorError(`${vm} is off`);
    if (copy.job === 'arriving') throw new HypervisorError(`${vm} arrives: it can be ended, and nothing else`);
    if (copy.state === 'running') this.change(host, copy, 'suspended');
  }

  /** A hypervisor lists a copy as suspended before; its CPUs stand. */
  async #drained(process: SimProcess, vm: VmId): Promise<void> {
    const { disks } = this.#world;
    if (disks === undefined) return;
    await new Promise<void>((resolve) => {
      disks.whenDrained(process.host.copies.get(vm), () => process.run(resolve));
    });
  }

  #resume(host: SimHost, vm: VmId): void {
    const copy = find(host, vm);
    if (copy.state === 'off') throw new HypervisorError(`${vm} is off`);
    if (copy.job === 'arriving') throw new HypervisorError(`${vm} arrives: it can be ended, and nothing else`);
    if (copy.state === 'suspended') this.change(host, copy, 'running');
  }

  /** The power button of the guest: one that hangs, or has not booted, does not obey. */
  #shutdown(host: SimHost, vm: VmId): void {
    const copy = find(host, vm);
    if (copy.guest !== 'up') return;
    this.#calls.onHost(host, this.#world.random.between(2000, 5000), () => {
      const obeys = host.copies.get(vm) === copy && copy.state === 'running' && copy.guest === 'up';
      if (obeys) this.change(host, copy, 'off', 'guest-shutdown');
    });
  }

  #mustFail(vm: VmId): boolean {
    const left = this.faults.migrateFails.get(vm) ?? 0;
    if (left > 0) this.faults.migrateFails.set(vm, left - 1);
    return left > 0;
  }

  #remove(host: SimHost, vm: VmId): void {
    const copy = host.copies.get(vm);
    if (copy === undefined) return;
    if (copy.state === 'running') throw new HypervisorError(`${vm} is running: destroy it first`);
    if (copy.state === 'suspended') this.change(host, copy, 'off', 'destroyed');
    host.copies.delete(vm);
  }
}
