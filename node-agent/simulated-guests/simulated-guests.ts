import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type NodeId, type VmId, vmId } from '#machines';
import { type Hypervisor, HypervisorError, type VmCopy, type VmSpec } from '#ports';
import { diskOf, type GuestProcess, guestProcessState, signalGuest, spawnGuest } from './guest-process.ts';

const definition = z.object({
  epoch: z.number().int(),
  guest: z.object({ pid: z.number().int(), start: z.string() }),
  destroyed: z.boolean(),
  /** Came by a (cold) migration: no process yet, `resume` boots it from this disk. */
  parked: z.object({ disk: z.string() }).optional(),
  migrated: z.boolean().default(false),
});
type Definition = z.output<typeof definition>;

const WATCH_MS = 50;
const END_TRIES = 1000;
const END_RETRY_MS = 5;

/**
 * For machines without QEMU: each "VM" is only a process that writes witness records on its disk. Not a hypervisor;
 * `description` says so, and whoever uses it shows that. What it knows is in `folder`, so its guests outlive the agent.
 */
export class SimulatedGuests implements Hypervisor {
  readonly description =
    'SIMULATED guests: plain processes, no virtual machines (no QEMU here); migration is COLD, they boot anew';
  readonly #folder: string;
  readonly #node: string;
  readonly #peerFolder: ((node: string) => string) | undefined;
  readonly #listeners = new Set<(copy: VmCopy) => void>();
  readonly #told = new Map<string, string>();
  readonly #watch: NodeJS.Timeout;

  /** `peerFolder`: the folder of another node's guests on this machine. Without it nothing migrates. */
  constructor(folder: string, node: string, peerFolder?: (node: string) => string) {
    this.#peerFolder = peerFolder;
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#node = node;
    this.#watch = setInterval(() => this.#tellChanges(), WATCH_MS);
  }

  async list(): Promise<readonly VmCopy[]> {
    return this.#copies();
  }

  async start(spec: VmSpec, epoch: number): Promise<void> {
    const present = this.#copies().find(({ vm }) => vm === spec.vm);
    if (present?.epoch === epoch && present.state === 'running') return;
    if (present?.epoch === epoch && present.state === 'suspended') return await this.resume(spec.vm);
    if (present !== undefined) await this.remove(spec.vm); // an older epoch's copy must not outlive its lease
    await this.#boot(spec.vm, epoch, spec.disk);
  }

  async #boot(vm: VmId, epoch: number, disk: string): Promise<void> {
    const guest = await spawnGuest([vm, String(epoch), this.#node, disk, this.#poweredOffFile(vm)], process.env);
    this.#write(vm, { epoch, guest, destroyed: false, migrated: false });
  }

  /** Cold: the guest ends here and boots anew there once it is resumed. */
  async migrate(vm: VmId, to: NodeId, epoch: number): Promise<void> {
    const found = this.#need(vm);
    const peer = this.#peerFolder?.(to);
    if (peer === undefined) throw new HypervisorError(`migrate ${vm}: simulated guests of ${to} are out of reach`);
    if (guestProcessState(found.guest) !== 'runs') throw new HypervisorError(`migrate ${vm}: it does not run`);
    const file = join(peer, `${vm}.json`);
    if (existsSync(file)) throw new HypervisorError(`migrate ${vm}: ${to} has a copy of it already`);
    const disk = diskOf(found.guest);
    this.#write(vm, { ...found, destroyed: true, migrated: true });
    signalGuest(found.guest, 'SIGKILL');
    await until(`${vm} off`, () => guestProcessState(found.guest) === 'gone');
    writeWhole(file, { epoch, guest: found.guest, destroyed: false, parked: { disk }, migrated: false });
  }

  async suspend(vm: VmId): Promise<void> {
    const found = this.#need(vm);
    signalGuest(found.guest, 'SIGSTOP');
    await until(`${vm} suspended`, () => guestProcessState(found.guest) !== 'runs');
  }

  /** Each call here is done by the process that made it, and ends with it. */
  async settle(): Promise<void> {}

  async resume(vm: VmId): Promise<void> {
    const { guest, parked, epoch } = this.#need(vm);
    if (parked !== undefined) return await this.#boot(vm, epoch, parked.disk);
    signalGuest(guest, 'SIGCONT');
    await until(`${vm} resumed`, () => guestProcessState(guest) !== 'stopped');
    if (guestProcessState(guest) === 'gone') throw new HypervisorError(`resume ${vm}: it is off`);
  }

  async shutdown(vm: VmId): Promise<void> {
    const found = this.#read(vm);
    if (found !== undefined) signalGuest(found.guest, 'SIGTERM');
  }

  async destroy(vm: VmId): Promise<void> {
    const found = this.#read(vm);
    if (found === undefined) return;
    const { parked: _, ...rest } = found;
    if (found.parked !== undefined) return this.#write(vm, { ...rest, destroyed: true });
    if (guestProcessState(found.guest) === 'gone') return;
    this.#write(vm, { ...found, destroyed: true });
    signalGuest(found.guest, 'SIGKILL');
    await until(`${vm} off`, () => guestProcessState(found.guest) === 'gone');
  }

  async remove(vm: VmId): Promise<void> {
    await this.destroy(vm);
    rmSync(this.#file(vm), { force: true });
    rmSync(this.#poweredOffFile(vm), { force: true });
  }

  subscribe(listener: (copy: VmCopy) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    this.#listeners.clear();
  }

  /** The process of a VM's copy here, to be killed in a test of the cluster. */
  guestOf(vm: VmId): GuestProcess | undefined {
    return this.#read(vm)?.guest;
  }

  #copies(): VmCopy[] {
    const names = readdirSync(this.#folder).filter((name) => name.endsWith('.json'));
    return names.flatMap((name) => {
      const vm = vmId(name.slice(0, -'.json'.length));
      const found = this.#read(vm);
      return found === undefined ? [] : [this.#copy(vm, found)];
    });
  }

  #copy(vm: VmId, { epoch, guest, destroyed, parked, migrated }: Definition): VmCopy {
    if (parked !== undefined) return { vm, epoch, state: 'suspended' };
    if (migrated && guestProcessState(guest) === 'gone') return { vm, epoch, state: 'off', reason: 'migrated' };
    const state = guestProcessState(guest);
    if (state === 'runs') return { vm, epoch, state: 'running' };
    if (state === 'stopped') return { vm, epoch, state: 'suspended' };
    if (destroyed) return { vm, epoch, state: 'off', reason: 'destroyed' };
    return { vm, epoch, state: 'off', reason: existsSync(this.#poweredOffFile(vm)) ? 'guest-shutdown' : 'crashed' };
  }

  #tellChanges(): void {
    for (const copy of this.#copies()) {
      const text = JSON.stringify(copy);
      if (this.#told.get(copy.vm) === text) continue;
      this.#told.set(copy.vm, text);
      for (const listener of this.#listeners) listener(copy);
    }
  }

  #need(vm: VmId): Definition {
    const found = this.#read(vm);
    if (found === undefined) throw new HypervisorError(`no such VM here: ${vm}`);
    return found;
  }

  #read(vm: VmId): Definition | undefined {
    if (!existsSync(this.#file(vm))) return undefined;
    return definition.parse(JSON.parse(readFileSync(this.#file(vm), 'utf8')));
  }

  #write(vm: VmId, value: Definition): void {
    writeWhole(this.#file(vm), value);
  }

  #file(vm: VmId): string {
    return join(this.#folder, `${vm}.json`);
  }

  #poweredOffFile(vm: VmId): string {
    return join(this.#folder, `${vm}.powered-off`);
  }
}

function writeWhole(file: string, value: Definition): void {
  const draft = `${file}.new`;
  writeFileSync(draft, JSON.stringify(value));
  renameSync(draft, file);
}

/** Waits for the kernel to have acted on a signal. Throws `HypervisorError` after 5 s. */
async function until(what: string, done: () => boolean): Promise<void> {
  for (let tries = 1; !done(); tries += 1) {
    if (tries === END_TRIES) throw new HypervisorError(`${what}: still not after 5 s`);
    await wait(END_RETRY_MS);
  }
}
