import type { Clock } from '#actors';
import type { NodeId, Observation, Timings } from '#machines';
import type { SharedStorage, Slot } from '#ports';
import { ChangeTracker } from './change-tracker.ts';
import { countStart } from './count-start.ts';
import { CounterGap } from './counter-gap.ts';
import { type Loop, periodic } from './periodic.ts';

/** Above any number of attempts of one agent, so that no word given by one is valid for a slot of a later one. */
const SEQUENCE_JUMP = 2 ** 32;

export interface SlotHeartbeatOptions {
  readonly node: NodeId;
  readonly freshBoot: boolean;
  readonly clock: Clock;
  readonly storage: SharedStorage;
  readonly timings: Pick<Timings, 'intervalMs' | 'staleMs'>;
  /** Called before each write with the sequence of the last attempt: no write up to it can be used to resume (G2). */
  readonly beforeWrite: (lastAttempted: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Writes this node's slot and reads all slots, each interval. Writing and reading do not wait for each other. */
export class SlotHeartbeat {
  readonly #options: SlotHeartbeatOptions;
  readonly #tracker: ChangeTracker<NodeId>;
  readonly #loops: Loop[] = [];
  #slots: readonly Slot[] = [];
  #nodes: readonly NodeId[] = [];
  #incarnation = 0;
  #opening: Promise<void> | undefined;
  #sequence = 0;
  readonly #counterGap: CounterGap;
  #gapMs = 0;
  #good = { beganMs: Number.NEGATIVE_INFINITY, sequence: 0 };
  state: Slot['state'] = 'running';

  constructor(options: SlotHeartbeatOptions) {
    this.#options = options;
    this.#counterGap = new CounterGap(options.timings.intervalMs);
    this.#tracker = new ChangeTracker(options.timings.staleMs);
  }

  /**
   * Counts this start, which gives the incarnation and where sequences begin. Throws `StorageUnavailable`: call it again. One that
   * is called again before it answered counts once: of two counts the slower would take back what was said since.
   */
  open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { storage, node, freshBoot } = this.#options;
    const { incarnation, starts } = await countStart(storage, node, freshBoot);
    this.#incarnation = incarnation;
    this.#sequence = starts * SEQUENCE_JUMP;
  }

  /** Once: also when it is asked again. */
  start(): void {
    if (this.#loops.length > 0) return;
    const { clock, timings, onError } = this.#options;
    this.#loops.push(periodic(clock, timings.intervalMs, () => this.#write(), onError));
    this.#loops.push(periodic(clock, timings.intervalMs, () => this.#read(), onError));
  }

  stop(): void {
    for (const loop of this.#loops) loop.stop();
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get lastAttempted(): number {
    return this.#sequence;
  }

  /** The latest write that succeeded: when it began, and its sequence. */
  get good(): { readonly beganMs: number; readonly sequence: number } {
    return this.#good;
  }

  /** How long this host stood still unnoticed by its own clock, since it was last asked, ms. */
  takeGapMs(): number {
    const gapMs = this.#gapMs;
    this.#gapMs = 0;
    return gapMs;
  }

  /** Every node that has a slot, as of the latest good read. */
  get nodes(): readonly NodeId[] {
    return this.#nodes;
  }

  /** What it saw of every slot. */
  get seen(): Observation['slots'] {
    return this.#slots.map(({ node, incarnation, sequence }) => {
      return { node, incarnation, sequence, ageMs: this.#tracker.ageMs(node) };
    });
  }

  /** Its own write works and it could read all slots lately. */
  isHealthy(): boolean {
    const { clock, timings } = this.#options;
    const oldestMs = clock.nowMs() - timings.staleMs;
    return this.#good.beganMs > oldestMs && this.#tracker.latestBeganMs > oldestMs;
  }

  async #write(): Promise<void> {
    const { node, clock, storage, beforeWrite } = this.#options;
    beforeWrite(this.#sequence);
    const beganMs = clock.nowMs();
    this.#sequence += 1;
    const sequence = this.#sequence;
    await storage.writeSlot({ node, incarnation: this.#incarnation, sequence, state: this.state });
    this.#good = { beganMs, sequence };
  }

  async #read(): Promise<void> {
    const { clock, storage, node: self } = this.#options;
    const beganMs = clock.nowMs();
    this.#slots = await storage.readSlots();
    this.#nodes = this.#slots.map((slot) => slot.node);
    const endedMs = clock.nowMs();
    const others = this.#slots.filter((slot) => slot.node !== self);
    this.#gapMs = Math.max(this.#gapMs, this.#counterGap.read(others, beganMs, endedMs));
    this.#tracker.readBegan(beganMs);
    for (const { node, incarnation, sequence } of this.#slots) {
      this.#tracker.note(node, incarnation, sequence, endedMs);
    }
  }
}
