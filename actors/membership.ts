import { z } from 'zod';
import type { Bus, Unsubscribe } from './bus.ts';
import { type Clock, sleep, type Timer } from './clock.ts';
import { HostNameTaken } from './errors.ts';
import { parseOnce } from './parse-once.ts';

const SUBJECT = 'hosts.alive';
const news = z.object({ host: z.string(), life: z.string(), state: z.enum(['joining', 'alive', 'leaving']) });
type News = z.infer<typeof news>;
const readNews = parseOnce(news);

/** Where a host that just joined is told who else is alive. */
function toJoining(host: string): string {
  return `${SUBJECT}.${host}`;
}

export interface MembershipOptions {
  /** How often a host says that it lives. Default 250. */
  readonly aliveEveryMs: number;
  /** A host not heard of for this long (on our clock) is taken for dead. Default 900. */
  readonly deadAfterMs: number;
  /** How long a starting host listens for others before it takes partitions. Default 100. */
  readonly joinMs: number;
}

export const DEFAULT_MEMBERSHIP: MembershipOptions = { aliveEveryMs: 250, deadAfterMs: 900, joinMs: 100 };

/** A host, and which of its lives: another process that starts under its name has another. */
interface Self {
  readonly host: string;
  readonly life: string;
}

interface Listener {
  readonly changed: () => void;
  /** Another live process has this host's name. */
  readonly doubled: (text: string) => void;
}

/** Who else runs actors. A wrong view costs time, never correctness: the commit decides. */
export class Membership {
  readonly #host: string;
  readonly #life: string;
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #options: MembershipOptions;
  readonly #listener: Listener;
  readonly #heardMs = new Map<string, number>();
  #timer: Timer | undefined;
  #unsubscribe: Unsubscribe | undefined;
  #joined = false;
  /** Since it last looked, somebody took its sign of life along. */
  #signTaken = false;
  #namesake: string | undefined;

  constructor({ host, life }: Self, bus: Bus, clock: Clock, options: MembershipOptions, listener: Listener) {
    this.#host = host;
    this.#life = life;
    this.#bus = bus;
    this.#clock = clock;
    this.#options = options;
    this.#listener = listener;
  }

  /** Hosts seen alive, this one too, in alphabetical order. */
  get hosts(): readonly string[] {
    return [...this.#heardMs.keys(), this.#host].sort();
  }

  /** The same in no order. */
  *seen(): Iterable<string> {
    yield this.#host;
    yield* this.#heardMs.keys();
  }

  /** Joins, and listens for a while for who is there. Throws `HostNameTaken`. */
  async join(): Promise<void> {
    const toAll = this.#bus.subscribe(SUBJECT, (payload) => this.#heard(payload));
    const toThis = this.#bus.subscribe(toJoining(this.#host), (payload) => this.#heard(payload));
    this.#unsubscribe = () => {
      toAll();
      toThis();
    };
    this.#say('joining');
    this.#tick();
    await sleep(this.#clock, this.#options.joinMs);
    if (this.#namesake !== undefined) {
      this.stop();
      const wayOut = 'stop it, or give this one another name';
      throw new HostNameTaken(`another process runs as host ${this.#host} (life ${this.#namesake}): ${wayOut}`);
    }
    this.#joined = true;
  }

  /**
   * Its sign of life, for who tells all hosts something anyway: what is taken along need not be said once more. Undefined
   * before it has joined.
   */
  lifeSign(): string | undefined {
    if (!this.#joined) return undefined;
    this.#signTaken = true;
    return this.#life;
  }

  /** Such a sign of another host arrived: as if it had said itself that it lives. */
  heardOf(host: string, lifeSign: string): void {
    this.#took({ host, life: lifeSign, state: 'alive' });
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
      // Not before it has joined: of two that join under one name, the one that hears "alive" gives way.
      if (this.#joined && !this.#signTaken) this.#say('alive');
      this.#signTaken = false;
      const now = this.#clock.nowMs();
      let died = false;
      for (const [host, heard] of this.#heardMs) {
        if (now - heard > this.#options.deadAfterMs) died = this.#heardMs.delete(host);
      }
      this.#tick();
      if (died) this.#listener.changed();
    });
  }

  #heard(payload: unknown): void {
    const parsed = readNews(payload);
    if (parsed.success) this.#took(parsed.data);
  }

  #took({ host, life, state }: News): void {
    if (host === this.#host) {
      if (life !== this.#life) this.#heardNamesake(life, state);
      return;
    }
    const known = this.#heardMs.has(host);
    if (state === 'leaving') this.#heardMs.delete(host);
    else this.#heardMs.set(host, this.#clock.nowMs());
    // To the one who asks: an answer to all would be a storm when many hosts begin at once.
    if (state === 'joining') this.#say('alive', toJoining(host));
    if (known === (state === 'leaving')) this.#listener.changed();
  }

  /** Who was there first keeps the name; of two that join at once, the lower life. */
  #heardNamesake(life: string, state: News['state']): void {
    if (state === 'leaving') return;
    if (this.#joined) {
      if (state === 'joining') this.#say('alive', toJoining(this.#host));
      else this.#listener.doubled(`another process runs as host ${this.#host} too: it costs time; stop one of the two`);
    } else if (state === 'alive' || life < this.#life) this.#namesake = life;
  }

  #say(state: News['state'], subject = SUBJECT): void {
    this.#bus.publish(subject, { host: this.#host, life: this.#life, state });
  }
}
