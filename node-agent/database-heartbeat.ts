import type { Clock } from '#actors';
import { type NodeId, nodeId, type Observation, type Timings } from '#machines';
import type { Database } from '#ports';
import { ChangeTracker } from './change-tracker.ts';
import { type Loop, periodic } from './periodic.ts';

export interface DatabaseHeartbeatOptions {
  readonly node: NodeId;
  readonly clock: Clock;
  readonly database: Database;
  readonly timings: Pick<Timings, 'intervalMs' | 'staleMs'>;
  readonly onError: (error: unknown) => void;
}

/** Counts up in the database and watches everybody's counter, each interval. */
export class DatabaseHeartbeat {
  readonly #options: DatabaseHeartbeatOptions;
  readonly #tracker: ChangeTracker<NodeId>;
  #loop: Loop | undefined;
  #beats: readonly { readonly node: NodeId; readonly counter: number }[] = [];

  constructor(options: DatabaseHeartbeatOptions) {
    this.#options = options;
    this.#tracker = new ChangeTracker(options.timings.staleMs);
  }

  start(): void {
    const { clock, timings, onError } = this.#options;
    this.#loop = periodic(clock, timings.intervalMs, () => this.#turn(), onError);
  }

  stop(): void {
    this.#loop?.stop();
  }

  isHealthy(): boolean {
    const { clock, timings } = this.#options;
    return this.#tracker.latestBeganMs > clock.nowMs() - timings.staleMs;
  }

  /** What it saw of every counter. */
  get seen(): Observation['beats'] {
    return this.#beats.map(({ node, counter }) => ({ node, counter, ageMs: this.#tracker.ageMs(node) }));
  }

  async #turn(): Promise<void> {
    const { node, clock, database } = this.#options;
    const beganMs = clock.nowMs();
    const beats = await database.beat(node);
    const endedMs = clock.nowMs();
    const seen: { readonly node: NodeId; readonly counter: number }[] = [];
    for (const [name, counter] of beats) seen.push({ node: nodeId(name), counter });
    this.#beats = seen;
    this.#tracker.readBegan(beganMs);
    for (const { node: name, counter } of seen) this.#tracker.note(name, 0, counter, endedMs);
  }
}
