import { setTimeout as wait } from 'node:timers/promises';
import { type NodeId, type VmId, vmId } from '#machines';
import { type Hypervisor, HypervisorError, type VmCopy, type VmSpec } from '#ports';
import { Connection } from './connection.ts';
import { copyState, type ShutdownBy, shutdownBy } from './copy-state.ts';
import { type DomainTemplate, leaseEpoch, withLeaseEpoch } from './domain-xml.ts';
import { useEventLoop } from './event-loop.ts';
import { type Library, loadLibrary, type Pointer } from './library.ts';

/** Calls that may take long (a start, a suspend of a frozen QEMU) run side by side on that many connections. */
const WORKERS = 4;

/** How this host's daemon reaches those of other hosts. */
export interface MigrationPeers {
  /** The URI of that node's daemon, as this host's daemon opens it. Throws `HypervisorError` when there is none. */
  readonly uriOf: (node: NodeId) => string;
  /** All hosts are on one machine: then a disk in a file is shared whatever its cache mode. */
  readonly oneMachine: boolean;
}

/** Between two looks whether an aborted job has ended, and how many. */
const SETTLE_RETRY_MS = 100;
const SETTLE_TRIES = 300;
/** libvirt's number for it. */
const SHUT_OFF = 5;

const NO_PEERS: MigrationPeers = {
  uriOf: (node) => {
    throw new HypervisorError(`no way to the libvirt daemon of ${node} is configured: VMs cannot migrate`);
  },
  oneMachine: false,
};

/**
 * This host's VMs through its libvirt daemon. Sees only domains that carry our lease metadata. Forcing off has its own
 * connection: it must work while calls on all others are stuck in frozen QEMUs. Each connection may hold one of libuv's
 * threads, and events another: run with UV_THREADPOOL_SIZE of 12 or more.
 */
export class LibvirtHypervisor implements Hypervisor {
  readonly description: string;
  readonly #library: Library;
  readonly #main: Connection;
  readonly #force: Connection;
  readonly #workers: readonly Connection[];
  /** Counted as running: between its definition and its start a copy looks like one that was lost. */
  readonly #starting = new Map<string, Promise<void>>();
  readonly #aboutToTell = new Set<string>();
  readonly #template: DomainTemplate;
  readonly #uri: string;
  readonly #peers: MigrationPeers;
  readonly #listeners = new Set<(copy: VmCopy) => void>();
  readonly #shutdownBy = new Map<string, ShutdownBy>();
  readonly #leaveEventLoop: () => Promise<void>;

  private constructor(library: Library, uri: string, template: DomainTemplate, peers: MigrationPeers) {
    this.#uri = uri;
    this.#peers = peers;
    this.description = `libvirt at ${uri}`;
    this.#library = library;
    this.#template = template;
    this.#leaveEventLoop = useEventLoop(library);
    this.#main = new Connection(library, uri, (name, event, detail) => this.#happened(name, event, detail));
    this.#force = new Connection(library, uri);
    this.#workers = Array.from({ length: WORKERS }, () => new Connection(library, uri));
  }

  /** Connects, and lets the daemon probe QEMU now rather than at the first start (4 s). Throws `HypervisorError`. */
  static async connect(uri: string, template: DomainTemplate, peers = NO_PEERS): Promise<LibvirtHypervisor> {
    const hypervisor = new LibvirtHypervisor(loadLibrary(), uri, template, peers);
    try {
      await hypervisor.#main.use('capabilities', async (handle, fail) => {
        if ((await hypervisor.#library.capabilities(handle)) === null) fail();
      });
    } catch (error) {
      await hypervisor.close();
      throw error;
    }
    return hypervisor;
  }

  async list(): Promise<readonly VmCopy[]> {
    return await this.#main.use('list', async (handle, fail) => {
      const domains = await this.#library.listDomains(handle);
      try {
        const copies: VmCopy[] = [];
        for (const domain of domains) {
          const copy = await this.#copy(domain, fail);
          if (copy !== undefined) copies.push(copy);
        }
        return copies;
      } finally {
        for (const domain of domains) this.#library.free(domain);
      }
    });
  }

  async start(spec: VmSpec, epoch: number): Promise<void> {
    const present = await this.#find(spec.vm);
    if (present?.epoch === epoch && present.state === 'running') return;
    if (present?.epoch === epoch && present.state === 'suspended') return await this.resume(spec.vm);
    if (present !== undefined) await this.remove(spec.vm); // an older epoch's copy must not outlive its lease
    const starting = this.#defineAndCreate(spec, epoch);
    this.#starting.set(spec.vm, starting);
    try {
      await starting;
    } finally {
      this.#starting.delete(spec.vm);
    }
  }

  /**
   * Asked also when the domain is listed as suspended: only the answer says that no other call is under way, and QEMU's own
   * answer afterwards that its disks are drained, which it says nothing of when it stops.
   */
  async suspend(vm: VmId): Promise<void> {
    const found = await this.#worker().withDomain(`suspend ${vm}`, vm, (domain, fail) => this.#still(domain, fail));
    if (found === undefined) throw new HypervisorError(`suspend ${vm}: no such VM here`);
  }

  /** Long jobs are aborted; short ones are waited for by a suspend, which does nothing else to a suspended domain. */
  async settle(vm: VmId): Promise<void> {
    const connection = new Connection(this.#library, this.#uri);
    try {
      await connection.withDomain(`settle ${vm}`, vm, async (domain, fail) => {
        for (let tries = 1; ; tries += 1) {
          const job = await this.#library.jobOf(domain);
          if (job === 0) break;
          if (job < 0 && (await this.#isOff(domain))) return;
          if (job < 0) fail(); // a short job that does not end
          if (tries === SETTLE_TRIES) throw new HypervisorError(`settle ${vm}: a job on it does not end`);
          await this.#library.abortJob(domain); // one that cannot be aborted is waited for
          await wait(SETTLE_RETRY_MS);
        }
        const copy = await this.#copy(domain, fail);
        if (copy?.state === 'suspended') await this.#still(domain, fail);
      });
    } finally {
      await connection.close();
    }
  }

  async #isOff(domain: Pointer): Promise<boolean> {
    const { status, state } = await this.#library.stateOf(domain);
    return status >= 0 && state === SHUT_OFF;
  }

  async #still(domain: Pointer, fail: () => never): Promise<true> {
    const suspended = (await this.#library.suspend(domain)) >= 0 && (await this.#library.askQemu(domain)) >= 0;
    return suspended || (await this.#isOff(domain)) ? true : fail();
  }

  async resume(vm: VmId): Promise<void> {
    await this.#change('resume', vm, ['running'], (domain) => this.#library.resume(domain));
  }

  async shutdown(vm: VmId): Promise<void> {
    await this.#change('shutdown', vm, ['off'], (domain) => this.#library.shutdown(domain));
  }

  async destroy(vm: VmId): Promise<void> {
    await this.#destroyNow(vm);
    const starting = this.#starting.get(vm);
    if (starting === undefined) return;
    await starting.catch(() => undefined); // it may have got past our blow
    await this.#destroyNow(vm);
  }

  async #destroyNow(vm: VmId): Promise<void> {
    await this.#force.withDomain(`destroy ${vm}`, vm, async (domain, fail) => {
      const failed = (await this.#library.destroy(domain)) < 0;
      const { status, state } = await this.#library.stateOf(domain);
      // Only what libvirt calls shut off counts: a destroy that timed out may leave QEMU writing (G2).
      if (status < 0 || (state !== SHUT_OFF && failed)) fail();
      if (state !== SHUT_OFF) throw new HypervisorError(`destroy ${vm}: still in state ${state}`);
    });
  }

  /** On a connection of its own: it takes as long as the VM's memory is big. */
  async migrate(vm: VmId, to: NodeId, epoch: number): Promise<void> {
    const uri = this.#peers.uriOf(to);
    const { oneMachine } = this.#peers;
    const connection = new Connection(this.#library, this.#uri);
    try {
      const found = await connection.withDomain(`migrate ${vm} to ${to}`, vm, async (domain, fail) => {
        const live = (await this.#library.xmlToMove(domain, 'live')) ?? fail();
        const kept = (await this.#library.xmlToMove(domain, 'kept')) ?? fail();
        const move = { uri, oneMachine, live: withLeaseEpoch(live, epoch), kept: withLeaseEpoch(kept, epoch) };
        if ((await this.#library.migrate(domain, move)) < 0) fail();
        const { status, state, reason } = await this.#library.stateOf(domain);
        if (status < 0) fail();
        const { reason: why } = copyState(state, reason, undefined);
        if (why !== 'migrated') throw new HypervisorError(`migrate ${vm} to ${to}: done, but here in state ${state}`);
        return true;
      });
      if (found === undefined) throw new HypervisorError(`migrate ${vm} to ${to}: no such VM here`);
    } finally {
      await connection.close();
    }
  }

  async remove(vm: VmId): Promise<void> {
    await this.destroy(vm);
    await this.#main.withDomain(`remove ${vm}`, vm, async (domain, fail) => {
      if ((await this.#library.undefine(domain)) < 0) fail();
    });
    this.#shutdownBy.delete(vm);
  }

  subscribe(listener: (copy: VmCopy) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await Promise.all([this.#main, this.#force, ...this.#workers].map((connection) => connection.close()));
    await this.#leaveEventLoop();
  }

  /** Does nothing when the copy is in one of `done` already; a refusal because it just got there is no failure. */
  async #change(what: string, vm: VmId, done: readonly VmCopy['state'][], call: (domain: Pointer) => Promise<number>) {
    const found = await this.#worker().withDomain(`${what} ${vm}`, vm, async (domain, fail) => {
      const before = await this.#copy(domain, fail);
      if (before !== undefined && done.includes(before.state)) return true;
      if ((await call(domain)) >= 0) return true;
      const after = await this.#copy(domain, fail);
      return after !== undefined && done.includes(after.state) ? true : fail();
    });
    if (found === undefined && !done.includes('off')) throw new HypervisorError(`${what} ${vm}: no such VM here`);
  }

  async #defineAndCreate(spec: VmSpec, epoch: number): Promise<void> {
    await this.#worker().use(`start ${spec.vm}`, async (handle, fail) => {
      const domain = await this.#library.define(handle, this.#template(spec, epoch));
      if (domain === null) return fail();
      try {
        if ((await this.#library.create(domain)) < 0) fail();
      } finally {
        this.#library.free(domain);
      }
    });
  }

  /** The least busy one. */
  #worker(): Connection {
    return this.#workers.reduce(
      (best, worker) => (best === this.#main || worker.load < best.load ? worker : best),
      this.#main,
    );
  }

  async #find(vm: string): Promise<VmCopy | undefined> {
    return await this.#main.withDomain(`look at ${vm}`, vm, (domain, fail) => this.#copy(domain, fail));
  }

  /** Undefined for a domain that is not ours. */
  async #copy(domain: Pointer, fail: () => never): Promise<VmCopy | undefined> {
    const xml = (await this.#library.xmlOf(domain)) ?? fail();
    const epoch = leaseEpoch(xml);
    if (epoch === undefined) return undefined;
    const { status, state, reason } = await this.#library.stateOf(domain);
    if (status < 0) fail();
    const name = this.#library.nameOf(domain);
    if (this.#starting.has(name)) return { vm: vmId(name), epoch, state: 'running' };
    return { vm: vmId(name), epoch, ...copyState(state, reason, this.#shutdownBy.get(name)) };
  }

  #happened(name: string, event: number, detail: number): void {
    const by = shutdownBy(event, detail);
    if (by === 'started') this.#shutdownBy.delete(name);
    else if (by !== undefined) this.#shutdownBy.set(name, by);
    if (this.#aboutToTell.has(name)) return; // the state is read after this moment
    this.#aboutToTell.add(name);
    void this.#tell(name);
  }

  /** A change that cannot be read now is not lost: list() is the truth, and asked for regularly. */
  async #tell(name: string): Promise<void> {
    await wait(0); // libvirt calls back on its event thread, which must be let go first
    this.#aboutToTell.delete(name);
    const copy = await this.#find(name).catch(() => undefined);
    if (copy === undefined) return;
    for (const listener of this.#listeners) listener(copy);
  }
}
