import type { NatsConnection } from '@nats-io/transport-node';

const LOOK_EVERY_MS = 2_000;
/** A leader that no address leads to (a proxy, an address of an inner network) is tried again after this long. */
const UNREACHABLE_MS = 30_000;

export interface LeaderConnectionOptions {
  /** The connection for everything else; also used while the leader itself cannot be reached. */
  readonly main: NatsConnection;
  /** Name of the server that leads the stream; undefined when there is none. */
  readonly leader: () => Promise<string | undefined>;
  /** Addresses given by the user; the servers tell more. */
  readonly urls: readonly string[];
  /** Connects to that very server, without ever going to another. */
  readonly connect: (url: string) => Promise<NatsConnection>;
  /** How long anything may be under way on a connection. */
  readonly graceMs: number;
}

/**
 * The connection by which a stream is written and read: straight to the server that leads it. On any other server each
 * message goes over one more hop both ways, which costs the servers a tenth of their time and the writer a third of its rate.
 * It follows the leader: what is under way on the connection before ends there. It is only faster: every other server takes
 * the same writes, and `main` is used whenever the leader is unknown or cannot be reached.
 */
export class LeaderConnection {
  readonly #options: LeaderConnectionOptions;
  readonly #urlOf = new Map<string, string>();
  readonly #retiring = new Set<NatsConnection>();
  #current: NatsConnection;
  #looking: Promise<void> | undefined;
  #unreachable: { readonly name: string; readonly untilMs: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: LeaderConnectionOptions) {
    this.#options = options;
    this.#current = options.main;
  }

  /** Never a closed one, unless all is. */
  get current(): NatsConnection {
    return this.#current.isClosed() ? this.#options.main : this.#current;
  }

  /** Looks now, and every few seconds from then on. Resolves after the first look, whatever it found. */
  async follow(): Promise<void> {
    await this.look();
    if (this.#stopped) return;
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Asks who leads, and goes there. Never throws: without an answer all stays as it is. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch(() => {
        // No leader or not connected: the next look asks again.
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  /** Ends its own connections; `main` is its owner's. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    const own = [...this.#retiring, this.#current].filter((connection) => connection !== this.#options.main);
    this.#current = this.#options.main;
    await Promise.all(own.map((connection) => connection.close()));
  }

  async #look(): Promise<void> {
    const name = await this.#options.leader();
    if (name === undefined || this.#stopped || nameOf(this.current) === name) return;
    const next = nameOf(this.#options.main) === name ? this.#options.main : await this.#reach(name);
    if (next === undefined) return;
    if (this.#stopped) await next.close();
    else this.#moveTo(next);
  }

  /** Addresses do not tell whose they are: one after the other is tried, until the server there says that it is the one. */
  async #reach(name: string): Promise<NatsConnection | undefined> {
    const { name: unreachable, untilMs } = this.#unreachable ?? { name: '', untilMs: 0 };
    if (name === unreachable && performance.now() < untilMs) return undefined;
    for (const url of this.#candidates(name)) {
      const connection = await this.#options.connect(url).catch(() => undefined);
      if (connection === undefined) continue;
      const found = nameOf(connection);
      if (found !== undefined) this.#urlOf.set(found, url);
      if (found === name) return connection;
      await connection.close();
    }
    this.#unreachable = { name, untilMs: performance.now() + UNREACHABLE_MS };
    return undefined;
  }

  #candidates(name: string): string[] {
    const known = this.#urlOf.get(name);
    const others = [...this.#urlOf].flatMap(([server, url]) => (server === name ? [] : [url]));
    const all = [...this.#options.urls, ...(this.#options.main.info?.connect_urls ?? [])];
    const likely = all.filter((url) => !others.includes(url));
    // Those of others last: an address may lead to another server than it did. The servers tell theirs without "nats://".
    const ordered = [...(known === undefined ? [] : [known]), ...likely, ...others];
    const place = (url: string): string => url.replace(/^\w+:\/\//, '');
    return ordered.filter((url, i) => ordered.findIndex((other) => place(other) === place(url)) === i);
  }

  #moveTo(next: NatsConnection): void {
    const before = this.#current;
    this.#current = next;
    this.#unreachable = undefined;
    if (before !== this.#options.main) this.#retire(before);
    if (next !== this.#options.main) {
      void next.closed().then(() => {
        if (this.#current === next && !this.#stopped) this.#moveTo(this.#options.main);
      });
    }
  }

  #retire(connection: NatsConnection): void {
    this.#retiring.add(connection);
    const timer = setTimeout(() => {
      this.#retiring.delete(connection);
      void connection.close();
    }, this.#options.graceMs);
    timer.unref();
  }
}

function nameOf(connection: NatsConnection): string | undefined {
  return connection.info?.server_name;
}
