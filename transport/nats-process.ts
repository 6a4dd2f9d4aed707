import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertPortFree } from './free-ports.ts';

/** One nats-server of a cluster, and what a test or the lab may do to it. */
export interface NatsServerHandle {
  readonly port: number;
  /** Process id; undefined while it is not running. */
  readonly pid: number | undefined;
  /** Sends the signal. Resolves when the process is gone, at once for signals that do not end it (SIGSTOP, SIGCONT). */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same ports and data. Throws `PortBusy`. */
  start(): Promise<void>;
}

const ENDS: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT'];

/** A nats-server process with its own folder (`server.conf`, `server.log`, `store/`). Not running until `start`. */
export class NatsProcess implements NatsServerHandle {
  readonly port: number;
  readonly #program: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();

  constructor(program: string, folder: string, port: number, config: string) {
    this.port = port;
    this.#program = program;
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'server.conf'), config);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    await assertPortFree(this.port);
    const log = openSync(join(this.#folder, 'server.log'), 'a');
    const child = spawn(this.#program, ['-c', join(this.#folder, 'server.conf')], { stdio: ['ignore', log, log] });
    this.#child = child;
    this.#gone = new Promise((resolve) => {
      const ended = (): void => {
        if (this.#child === child) this.#child = undefined;
        resolve();
      };
      child.once('exit', ended);
      child.once('error', ended);
    });
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    if (ENDS.includes(signal)) await this.#gone;
  }
}
