import { type Clock, MemoryServer, MemoryTransport } from '#actors';
import { clusterSettings, type NodeId, nodeId, type Timings, type VmId, vmId } from '#machines';
import {
  type Hypervisor,
  HypervisorError,
  type LeaseSector,
  type SharedStorage,
  type Slot,
  type StartCount,
  StorageUnavailable,
  type VmCopy,
} from '#ports';
import { MemoryDatabase } from '../database/memory-database.ts';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { NodeProcess } from './node-process.ts';
import type { NodeLogEntry } from './node-process-options.ts';

/** A host of the test cluster: copies, power, and its process. */
class TestHost {
  readonly node: NodeId;
  readonly copies = new Map<string, VmCopy>();
  readonly listeners = new Set<(copy: VmCopy) => void>();
  process: NodeProcess | undefined;
  transport: MemoryTransport | undefined;
  powered = true;
  storageUp = true;

  constructor(node: NodeId) {
    this.node = node;
  }

  powerOff(): void {
    this.powered = false;
    this.copies.clear();
    this.process?.kill();
    void this.transport?.close();
  }

  set(copy: VmCopy): void {
    this.copies.set(copy.vm, copy);
    for (const listener of this.listeners) listener(copy);
  }

  end(vm: string, reason: NonNullable<VmCopy['reason']>): void {
    const copy = this.copies.get(vm);
    if (copy) this.set({ ...copy, state: 'off', reason });
  }
}

/** Three or so nodes in virtual time on memory ports; checks G2 at every event. */
export class TestCluster {
  readonly time = new VirtualTime();
  readonly log: NodeLogEntry[] = [];
  readonly database = new MemoryDatabase();
  readonly #hosts = new Map<string, TestHost>();
  readonly #slots = new Map<NodeId, Slot>();
  readonly #leases = new Map<VmId, LeaseSector>();
  readonly #startCounts = new Map<NodeId, StartCount>();
  readonly #clock: Clock = { nowMs: () => this.time.now, after: (ms, fire) => this.time.after(ms, fire) };
  readonly #server = new MemoryServer({ clock: this.#clock, partitions: 8 });
  storageUp = true;

  static async start(names: readonly string[]): Promise<TestCluster> {
    const cluster = new TestCluster();
    for (const name of names) {
      await cluster.database.create('nodes', name, { cpus: 8, memoryMiB: 8192 });
      cluster.#boot(name);
    }
    await cluster.forMs(15_000);
    return cluster;
  }

  get timings(): Timings {
    const process = [...this.#hosts.values()][0]?.process;
    if (process === undefined) throw new RangeError('no host');
    return process.timings;
  }

  host(name: string): TestHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new RangeError(`no host ${name}`);
    return host;
  }

  runningOn(vm: string): readonly string[] {
    return [...this.#hosts.values()]
      .filter(({ copies }) => copies.get(vm)?.state === 'running')
      .map(({ node }) => node);
  }

  async recorded(vm: string): Promise<unknown> {
    return (await this.database.get('vms', vm))?.body.recorded;
  }

  /** Adds a VM that runs on that node and takes it into care. */
  async run(vm: string, node: string): Promise<void> {
    const id = vmId(vm);
    const spec = { vm: id, cpus: 1, memoryMiB: 1024, disk: `/shared/${vm}` };
    const lease = { node, epoch: 1 };
    const body = { spec, recorded: 'running', ha: true, priority: 0, failback: true, lease };
    await this.database.create('vms', vm, body);
    this.#leases.set(id, {
      vm: id,
      epoch: 1,
      generation: 1,
      status: 'held',
      node: nodeId(node),
      incarnation: 1,
      sequence: 0,
    });
    this.host(node).set({ vm: id, epoch: 1, state: 'running' });
    await this.forMs(3000);
  }

  async forMs(ms: number): Promise<void> {
    await this.time.run(this.time.now + ms, () => {
      for (const vm of this.#leases.keys()) {
        const where = this.runningOn(vm);
        if (where.length > 1) throw new Error(`G2: ${vm} runs on ${where.join(' and ')}`);
      }
    });
  }

  stop(): void {
    for (const host of this.#hosts.values()) host.powerOff();
  }

  #boot(name: string): void {
    const host = new TestHost(nodeId(name));
    this.#hosts.set(name, host);
    host.transport = new MemoryTransport(this.#server);
    host.process = new NodeProcess({
      node: host.node,
      freshBoot: true,
      transport: host.transport,
      clock: this.#clock,
      random: () => 0.5,
      database: this.database,
      storage: this.#storage(host),
      hypervisor: this.#hypervisor(host),
      fences: [],
      watchdog: { arm: () => {}, kick: () => {} },
      settings: clusterSettings.parse({ sensitivity: 'high' }),
      log: (entry) => this.log.push(entry),
    });
    void host.process.start();
  }

  #storage(host: TestHost): SharedStorage {
    const call = async <T>(act: () => T): Promise<T> => {
      await new Promise<void>((resolve) => this.time.after(1, resolve));
      if (!host.powered || !host.storageUp || !this.storageUp) throw new StorageUnavailable('no path');
      return act();
    };
    return {
      writeSlot: (slot) => call(() => void this.#slots.set(slot.node, slot)),
      readSlots: () => call(() => [...this.#slots.values()]),
      readLease: (vm) => call(() => this.#leases.get(vm)),
      readLeases: () => call(() => [...this.#leases.values()]),
      compareAndWriteLease: (expected, next) =>
        call(() => {
          if (JSON.stringify(this.#leases.get(next.vm)) !== JSON.stringify(expected)) return false;
          this.#leases.set(next.vm, next);
          return true;
        }),
      readStartCount: (node) => call(() => this.#startCounts.get(node)),
      compareAndWriteStartCount: (expected, next) =>
        call(() => {
          if (JSON.stringify(this.#startCounts.get(next.node)) !== JSON.stringify(expected)) return false;
          this.#startCounts.set(next.node, next);
          return true;
        }),
      close: async () => {},
    };
  }

  #hypervisor(host: TestHost): Hypervisor {
    const call = async <T>(act: () => T): Promise<T> => {
      await new Promise<void>((resolve) => this.time.after(5, resolve));
      if (!host.powered) throw new HypervisorError('no power');
      return act();
    };
    const change = (vm: VmId, state: VmCopy['state'], reason?: VmCopy['reason']) =>
      call(() => {
        const copy = host.copies.get(vm);
        if (copy === undefined) throw new HypervisorError(`no copy of ${vm}`);
        host.set({ vm, epoch: copy.epoch, state, ...(reason === undefined ? {} : { reason }) });
      });
    return {
      list: () => call(() => [...host.copies.values()]),
      start: (spec, epoch) => call(() => host.set({ vm: spec.vm, epoch, state: 'running' })),
      suspend: (vm) => change(vm, 'suspended'),
      settle: () => call(() => {}),
      resume: (vm) => change(vm, 'running'),
      shutdown: (vm) => change(vm, 'off', 'guest-shutdown'),
      destroy: (vm) => change(vm, 'off', 'destroyed'),
      migrate: (vm, to, epoch) =>
        call(() => {
          const target = this.host(to);
          if (host.copies.get(vm)?.state !== 'running' || !target.powered)
            throw new HypervisorError(`cannot move ${vm}`);
          host.end(vm, 'migrated');
          target.set({ vm, epoch, state: 'suspended' });
        }),
      remove: (vm) => call(() => void host.copies.delete(vm)),
      subscribe: (listener) => {
        host.listeners.add(listener);
        return () => host.listeners.delete(listener);
      },
      close: async () => {},
    };
  }
}
