import { backoffMs, Halted } from './backoff.ts';
import type { Timer } from './clock.ts';
import type { HostContext } from './host-context.ts';
import { Membership, type MembershipOptions } from './membership.ts';
import { OneProbe } from './one-probe.ts';
import { OwnedPartition } from './owned-partition.ts';
import { PartitionOwners } from './partition-owners.ts';

const RELEASED = 'partitions.released';

export interface OwnershipOptions extends MembershipOptions {
  /** How often a partition's journal is looked through again, for what another host wrote last. Default 30,000. */
  readonly sweepEveryMs: number;
}

/** Which partitions this host serves: follows the membership. */
export class Ownership {
  readonly #context: HostContext;
  readonly #membership: Membership;
  readonly #sweepEveryMs: number;
  readonly #owners: PartitionOwners;
  readonly #oneProbe: OneProbe;
  readonly #owned = new Map<number, OwnedPartition>();
  readonly #opening = new Set<Promise<void>>();
  readonly #sweeping = new Map<OwnedPartition, { again: boolean }>();
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;
  #halted = false;
  #joined = false;

  /** `life`: different each time a host of this name starts. */
  constructor(context: HostContext, life: string, options: OwnershipOptions) {
    this.#context = context;
    this.#sweepEveryMs = options.sweepEveryMs;
    this.#owners = new PartitionOwners(context.transport.partitions);
    this.#oneProbe = new OneProbe(context);
    const { host, transport, clock, alert } = context;
    this.#membership = new Membership({ host, life }, transport.bus, clock, options, {
      changed: () => this.#rebalance(),
      doubled: (text) => alert({ code: 'HOST_NAME_TAKEN', text }),
    });
  }

  get hosts(): readonly string[] {
    return this.#membership.hosts;
  }

  /** See `Membership`. */
  lifeSign(): string | undefined {
    return this.#membership.lifeSign();
  }

  /** See `Membership`. */
  heardOf(host: string, lifeSign: string): void {
    this.#membership.heardOf(host, lifeSign);
  }

  owns(partition: number): boolean {
    return this.#owned.has(partition);
  }

  get activeActors(): number {
    let sum = 0;
    for (const partition of this.#owned.values()) sum += partition.activeActors;
    return sum;
  }

  /** Resolves when every partition of this host's share takes messages. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#context.transport.bus.subscribe(RELEASED, (payload) => this.#released(payload));
    await this.#membership.join();
    if (this.#halted) return; // stopped meanwhile
    this.#joined = true;
    this.#rebalance();
    this.#tick(1);
    while (this.#opening.size > 0) await Promise.all(this.#opening);
  }

  /** Hands everything over, then says goodbye. */
  async stop(): Promise<void> {
    const partitions = [...this.#owned.values()];
    this.halt();
    await Promise.all(partitions.map((partition) => partition.close()));
    // One that never joined, as a client, has no name to take away: a host may have the same.
    if (this.#joined) this.#membership.leave();
  }

  /** As a host dies: at once and without a word. */
  halt(): void {
    this.#halted = true;
    this.#timer?.cancel();
    this.#unsubscribe?.();
    this.#membership.stop();
    for (const partition of this.#owned.values()) partition.halt();
    this.#owned.clear();
  }

  #rebalance(): void {
    if (this.#halted || !this.#joined) return;
    const owners = this.#owners.of(this.#membership.seen());
    for (let number = 0; number < this.#context.transport.partitions; number++) {
      const mine = owners[number] === this.#context.host;
      const partition = this.#owned.get(number);
      if (mine && partition === undefined) this.#take(number);
      if (!mine && partition !== undefined) this.#drop(partition);
    }
  }

  #take(number: number): void {
    const partition = new OwnedPartition(number, this.#context);
    this.#owned.set(number, partition);
    const opened = this.#untilAvailable(partition, () => partition.open()).finally(() => this.#opening.delete(opened));
    this.#opening.add(opened);
  }

  #drop(partition: OwnedPartition): void {
    this.#owned.delete(partition.number);
    partition.close().then(
      // Its last steps may have come after the new owner looked: ask it to look again.
      () => this.#context.transport.bus.publish(RELEASED, { partition: partition.number }),
      (error: unknown) => this.#context.alert({ code: 'TRANSPORT_UNAVAILABLE', text: String(error) }),
    );
  }

  #released(payload: unknown): void {
    const number: unknown =
      typeof payload === 'object' && payload !== null ? Reflect.get(payload, 'partition') : undefined;
    const partition = typeof number === 'number' ? this.#owned.get(number) : undefined;
    if (partition !== undefined) void this.#sweep(partition);
  }

  /** One look a partition at a time: while messaging is away, later ones would only pile up. */
  async #sweep(partition: OwnedPartition): Promise<void> {
    const underWay = this.#sweeping.get(partition);
    if (underWay !== undefined) {
      underWay.again = true;
      return;
    }
    const mine = { again: false };
    this.#sweeping.set(partition, mine);
    try {
      do {
        mine.again = false;
        await this.#untilAvailable(partition, () => partition.sweep());
      } while (mine.again && !this.#halted);
    } finally {
      this.#sweeping.delete(partition);
    }
  }

  /** The second look comes soon after joining, the others seldom. */
  #tick(round: number): void {
    const { clock, random, limits } = this.#context;
    const waitMs =
      round === 1
        ? this.#sweepEveryMs / 10
        : backoffMs({ firstMs: this.#sweepEveryMs, maxMs: this.#sweepEveryMs }, 1, random);
    this.#timer = clock.after(Math.min(waitMs, limits.idleMs), () => {
      for (const partition of this.#owned.values()) {
        partition.passivate();
        void this.#sweep(partition);
      }
      this.#tick(round + 1);
    });
  }

  /** Ends without a word when the partition was dropped meanwhile. */
  async #untilAvailable(partition: OwnedPartition, work: () => Promise<void>): Promise<void> {
    const dropped = (): boolean => this.#halted || this.#owned.get(partition.number) !== partition;
    try {
      await this.#oneProbe.until(dropped, work);
    } catch (error) {
      if (!(error instanceof Halted)) throw error;
    }
  }
}
