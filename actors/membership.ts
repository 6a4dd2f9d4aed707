import { z } from 'zod';
import { stableHash } from './address.ts';
import type { Bus, Unsubscribe } from './bus.ts';
import { type Clock, sleep, type Timer } from './clock.ts';
import { parseOnce } from './parse-once.ts';

const SUBJECT = 'hosts.alive';
const news = z.object({ host: z.string(), state: z.enum(['joining', 'alive', 'leaving']) });
const readNews = parseOnce(news);

export interface MembershipOptions {
  /** How often a host says that it lives. Default 250. */
  readonly aliveEveryMs: number;
  /** A host not heard of for this long (on our clock) is taken for dead. Default 900. */
  readonly deadAfterMs: number;
  /** How long a starting host listens for others before it takes partitions. Default 100. */
  readonly joinMs: number;
}

export const DEFAULT_MEMBERSHIP: MembershipOptions = { aliveEveryMs: 250, deadAfterMs: 900, joinMs: 100 };

/** Who else runs actors. A wrong view costs time, never correctness: the commit decides. */
export class Membership {
  readonly #host: string;
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #options: MembershipOptions;
  readonly #onChange: () => void;
  readonly #heardMs = new Map<string, number>();
  #timer: Timer | undefined;
  #unsubscribe: Unsubscribe | undefined;

  constructor(host: string, bus: Bus, clock: Clock, options: MembershipOptions, onChange: () => void) {
    this.#host = host;
    this.#bus = bus;
    this.#clock = clock;
    this.#options = options;
    this.#onChange = onChange;
  }

  /** Hosts seen alive, this one too, in alphabetical order. */
  get hosts(): readonly string[] {
    return [...this.#heardMs.keys(), this.#host].sort();
  }

  /** Joins, and listens for a while for who is there. */
  async join(): Promise<void> {
    this.#unsubscribe = this.#bus.subscribe(SUBJECT, (payload) => this.#heard(payload));
    this.#say('joining');
    this.#tick();
    await sleep(this.#clock, this.#options.joinMs);
  }

  leave(): void {
    this.#say('leaving');
    this.stop();
  }

  /** Falls silent without a word, as a dead host does. */
  stop(): void {
    this.#timer?.cancel();
    this.#unsubscribe?.();
  }

  #tick(): void {
    this.#timer = this.#clock.after(this.#options.aliveEveryMs, () => {
      this.#say('alive');
      const now = this.#clock.nowMs();
      let died = false;
      for (const [host, heard] of this.#heardMs) {
        if (now - heard > this.#options.deadAfterMs) died = this.#heardMs.delete(host);
      }
      this.#tick();
      if (died) this.#onChange();
    });
  }

  #heard(payload: unknown): void {
    const parsed = readNews(payload);
    if (!parsed.success || parsed.data.host === this.#host) return;
    const { host, state } = parsed.data;
    const known = this.#heardMs.has(host);
    if (state === 'leaving') this.#heardMs.delete(host);
    else this.#heardMs.set(host, this.#clock.nowMs());
    if (state === 'joining') this.#say('alive');
    if (known === (state === 'leaving')) this.#onChange();
  }

  #say(state: z.infer<typeof news>['state']): void {
    this.#bus.publish(SUBJECT, { host: this.#host, state });
  }
}

/** Rendezvous hashing: the host with the highest score has the partition, so a change of hosts moves the fewest. */
export function ownerOf(partition: number, hosts: readonly string[]): string | undefined {
  let owner: string | undefined;
  let best = -1;
  for (const host of hosts) {
    const score = stableHash(`${host}/${partition}`);
    if (score > best) {
      best = score;
      owner = host;
    }
  }
  return owner;
}
