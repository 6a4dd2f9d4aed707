import { runAboveOthers } from './real-time.ts';
import { recordServers } from './server-pids.ts';

/** A server that the lab started. `pid` is undefined once it ended. */
export interface KeptServer {
  readonly name: string;
  readonly pid: number | undefined;
  start(): Promise<void>;
}

const LOOK_MS = 250;

/** Starts servers again that somebody killed, and says so. */
export class ServerKeeper {
  readonly #servers: readonly KeptServer[];
  readonly #pids: string;
  readonly #note: (what: string, why: string) => void;
  readonly #away = new Set<KeptServer>();
  #turn: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(servers: readonly KeptServer[], pids: string, note: (what: string, why: string) => void) {
    this.#servers = servers;
    this.#pids = pids;
    this.#note = note;
    this.#timer = setTimeout(() => this.#next(), LOOK_MS);
  }

  /** Takes these servers down, or lets them come back: a scenario's wish. Those that are away stay away. */
  async keepAway(servers: readonly KeptServer[], kill: (server: KeptServer) => void): Promise<void> {
    for (const server of servers) this.#away.add(server);
    await this.#turn;
    for (const server of servers) kill(server);
  }

  letReturn(servers: readonly KeptServer[]): void {
    for (const server of servers) this.#away.delete(server);
  }

  /** Resolves when no start is under way and none will follow. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#turn;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #next(): void {
    this.#turn = this.#look();
    void this.#turn.then(() => {
      if (this.#timer !== undefined) this.#timer = setTimeout(() => this.#next(), LOOK_MS);
    });
  }

  async #look(): Promise<void> {
    const ended = this.#servers.filter((server) => server.pid === undefined && !this.#away.has(server));
    await Promise.all(ended.map((server) => this.#restart(server)));
  }

  async #restart(server: KeptServer): Promise<void> {
    this.#note('alert', `${server.name} ended: starting it again`);
    try {
      await recordServers(this.#pids, () => server.start());
      if (server.pid !== undefined) await runAboveOthers(server.pid);
      this.#note('start', `${server.name} runs again`);
    } catch (error) {
      this.#note('alert', `${server.name} does not start: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
