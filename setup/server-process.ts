import { type ChildProcess, spawn } from 'node:child_process';
import { connect as tcpConnect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { assertPortFree } from '../transport/mod.ts';

/** A server ended or did not open its port in time; the end of its own output is in the message. */
export class ServerDidNotStart extends Error {
  override readonly name = 'ServerDidNotStart';
  readonly code = 'SERVER_DID_NOT_START';
  readonly retryable = false;
}

export interface ServerProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** On the loopback interface. */
  readonly port: number;
}

const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5000;
const KEPT_OUTPUT = 2000;

/** A server program that listens on a loopback port. Not running until `start`; may be started again after its end. */
export class ServerProcess {
  readonly name: string;
  readonly #program: ServerProgram;
  #child: ChildProcess | undefined;

  constructor(program: ServerProgram) {
    this.name = `${program.name} (port ${program.port})`;
    this.#program = program;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves once it takes connections; does nothing while it runs. Throws `ServerDidNotStart`, `PortBusy`. */
  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const { name, command, args, port } = this.#program;
    await assertPortFree(port); // else who listens there would be taken for it
    const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let output = '';
    const keep = (chunk: Buffer | string) => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const ended = () => {
      if (this.#child === child) this.#child = undefined;
    };
    child.once('exit', ended);
    child.once('error', (error) => {
      keep(String(error));
      ended();
    });
    const deadline = performance.now() + START_DEADLINE_MS;
    while (!(await accepts(port))) {
      if (this.#child !== child || performance.now() > deadline) {
        await this.stop();
        throw new ServerDidNotStart(`${name} did not open port ${port}: ${output.trim() || 'it said nothing'}`);
      }
      await wait(50);
    }
  }

  /** Asks it to end, forces it after 5 s. Resolves when it is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await gone;
    clearTimeout(force);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = tcpConnect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
