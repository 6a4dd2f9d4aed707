import type { NodeId, VmId } from '#machines';
import { HypervisorError, type VmCopy } from '#ports';
import type { SeededRandom } from '../seeded-random.ts';
import type { SimCopy, SimHost } from './host.ts';
import type { HypervisorCalls } from './hypervisor-calls.ts';
import type { HypervisorWorld } from './hypervisor-world.ts';

/** How one goes wrong: before the copy stands; once it stands; when it arrived and its source hears nothing of that. */
const WRONG = ['early', 'standing', 'unheard'] as const;
type Wrong = (typeof WRONG)[number] | 'done all the same';

/** The target's daemon notices by its keepalive that the source's is out of reach. */
const KEEPALIVE_MS = 30_000;

export interface MigrationOptions {
  readonly calls: HypervisorCalls;
  readonly world: HypervisorWorld;
  readonly random: SeededRandom;
  /** Whether it is one of those that a scenario wants to fail; counts it. */
  readonly mustFail: (vm: VmId) => boolean;
  readonly change: (host: SimHost, copy: SimCopy, state: VmCopy['state'], reason?: VmCopy['reason']) => void;
}

export interface MigrationRequest {
  readonly host: SimHost;
  readonly vm: VmId;
  readonly to: NodeId;
  readonly epoch: number;
  readonly tookMs: number;
}

/**
 * One migration as libvirt does it: the target prepares a copy that receives, the source runs on while its memory is sent,
 * then it stands, the target's copy is whole, and at the target's word the source's ends. Whatever goes wrong before that
 * word ends the target's copy and lets the source's run on, also one that somebody suspended meanwhile. Where only
 * the word is lost, the source's runs on though the target keeps a whole copy.
 */
export class Migration {
  readonly #options: MigrationOptions;
  readonly #request: MigrationRequest;
  readonly #end: (error?: HypervisorError) => void;
  #leaving: { readonly copy: SimCopy; readonly ran: boolean } | undefined;
  #arriving: { readonly host: SimHost; readonly boots: number; readonly copy: SimCopy } | undefined;
  #wrong: Wrong | undefined;
  #aborted = false;

  constructor(options: MigrationOptions, request: MigrationRequest, end: (error?: HypervisorError) => void) {
    this.#options = options;
    this.#request = request;
    this.#end = end;
  }

  begin(): void {
    const { host, vm, tookMs } = this.#request;
    const copy = host.copies.get(vm);
    if (copy === undefined || copy.state === 'off' || copy.job !== undefined) {
      this.#fail(`${vm} does not run on ${host.name}`);
      return;
    }
    copy.job = 'leaving';
    this.#leaving = { copy, ran: copy.state === 'running' };
    this.#after(tookMs / 10, () => this.#prepare(copy));
  }

  /** Has effect until the copy has arrived. */
  abort(): void {
    this.#aborted = true;
  }

  #prepare({ guest }: SimCopy): void {
    const { host, vm, to, epoch, tookMs } = this.#request;
    const { calls, world } = this.#options;
    const target = world.peer(host, to);
    const there = target?.copies.get(vm);
    if (target === undefined) this.#fail(`${host.name} cannot reach the hypervisor of ${to}`);
    else if (!world.diskReachable(target)) this.#fail(`${to} cannot open the disk of ${vm}`);
    else if (there !== undefined && there.state !== 'off') this.#fail(`${to} has a copy of ${vm} already`);
    else {
      const arriving: SimCopy = { vm, epoch, state: 'suspended', reason: undefined, guest, job: 'arriving' };
      target.copies.set(vm, arriving);
      this.#arriving = { host: target, boots: target.boots, copy: arriving };
      this.#after((tookMs * 9) / 10 + this.#wayMs(), () => calls.whenNotHung(host, 'migrate', () => this.#sent()));
    }
  }

  /** The memory is there but for what the guest changes still: it must stand for the rest. */
  #sent(): void {
    const { calls, world, random, mustFail, change } = this.#options;
    const { host, vm } = this.#request;
    if (mustFail(vm)) this.#wrong = random.pick(WRONG);
    else if (calls.trouble(host.name).fails.has('migrate')) {
      this.#wrong = random.chance(0.5) ? random.pick(WRONG) : 'done all the same';
    }
    const copy = this.#leavingStill('early');
    if (copy === undefined) return;
    if (copy.state === 'running') change(host, copy, 'suspended');
    const drained = () => this.#after(random.between(20, 200) + this.#wayMs(), () => this.#arrive());
    if (world.disks === undefined) drained();
    else world.disks.whenDrained(copy, drained);
  }

  #arrive(): void {
    const { random, change } = this.#options;
    if (this.#leavingStill('standing') === undefined || this.#arriving === undefined) return;
    const { host, copy } = this.#arriving;
    copy.job = undefined;
    change(host, copy, 'suspended');
    this.#after(random.between(2, 20) + this.#wayMs(), () => this.#confirm());
  }

  #confirm(): void {
    const { world, change } = this.#options;
    const { host, vm, to } = this.#request;
    const { copy } = this.#leaving ?? {};
    if (copy === undefined || !this.#isHere(copy)) this.#fail(`${vm} is gone here`);
    else if (this.#wrong === 'unheard' || world.peer(host, to) === undefined) this.#fail(`no word from ${to}`);
    else {
      copy.job = undefined;
      change(host, copy, 'off', 'migrated');
      this.#end(this.#wrong === undefined ? undefined : new HypervisorError(`migrate ${vm} to ${to}: failed`));
    }
  }

  /** Undefined: it failed, and that is done. */
  #leavingStill(wrong: Wrong): SimCopy | undefined {
    const { host, vm, to } = this.#request;
    const { copy } = this.#leaving ?? {};
    if (copy === undefined) return undefined;
    const why = () => {
      if (!this.#isHere(copy)) return `${vm} is gone here`;
      if (this.#aborted) return `the migration of ${vm} was aborted`;
      if (this.#wrong === wrong) return `${vm} does not migrate to ${to}`;
      if (!this.#isThere()) return `what ${to} received of ${vm} is gone`;
      return this.#options.world.peer(host, to) === undefined ? `${to} is out of reach` : undefined;
    };
    const found = why();
    if (found !== undefined) this.#fail(found);
    return found === undefined ? copy : undefined;
  }

  /** One way of one message between the two. */
  #wayMs(): number {
    const { migrationDelayMs } = this.#options.world;
    if (migrationDelayMs === undefined || this.#arriving === undefined) return 0;
    return migrationDelayMs(this.#request.host, this.#arriving.host);
  }

  #isHere(copy: SimCopy): boolean {
    const { host, vm } = this.#request;
    return host.copies.get(vm) === copy && copy.state !== 'off';
  }

  #isThere(): boolean {
    const { host, boots, copy } = this.#arriving ?? {};
    if (host === undefined || copy === undefined) return false;
    return host.powered && host.boots === boots && host.copies.get(copy.vm) === copy && copy.state !== 'off';
  }

  #fail(why: string): void {
    const { host } = this.#request;
    this.#dropArriving();
    const { copy, ran } = this.#leaving ?? {};
    if (copy !== undefined) {
      copy.job = undefined;
      if (this.#isHere(copy) && copy.state === 'suspended' && ran) this.#options.change(host, copy, 'running');
    }
    this.#end(new HypervisorError(why));
  }

  /** What is not whole goes; a whole copy stays. */
  #dropArriving(): void {
    if (this.#arriving === undefined || !this.#isThere() || this.#arriving.copy.job === undefined) return;
    const { host, copy } = this.#arriving;
    const { calls, world, change } = this.#options;
    const delayMs = world.peer(this.#request.host, host.name) === undefined ? KEEPALIVE_MS : 0;
    calls.onHost(host, delayMs, () => {
      if (!this.#isThere()) return;
      change(host, copy, 'off', 'destroyed');
      host.copies.delete(copy.vm);
    });
  }

  #after(delayMs: number, work: () => void): void {
    this.#options.calls.onHost(this.#request.host, delayMs, work);
  }
}
