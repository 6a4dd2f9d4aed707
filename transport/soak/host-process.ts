import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const PROGRAM = fileURLToPath(new URL('./host.ts', import.meta.url));
const lineSchema = z.looseObject({ host: z.string() });
export type HostLine = z.infer<typeof lineSchema>;

/** A real process that serves actors, for tests to kill and pause. */
export class HostProcess {
  readonly name: string;
  readonly lines: HostLine[] = [];
  readonly #arguments: readonly string[];
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();

  constructor(name: string, servers: readonly string[], stream: string, ...more: readonly string[]) {
    this.name = name;
    this.#arguments = [PROGRAM, '--host', name, '--servers', servers.join(','), '--stream', stream, ...more];
  }

  start(): void {
    const child = spawn(process.execPath, this.#arguments, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(lineSchema.parse(JSON.parse(line))));
    this.#gone = new Promise((resolve) => {
      child.once('exit', () => resolve());
    });
  }

  /** Resolves when it is gone, at once for signals that do not end it. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    if (signal === 'SIGKILL') await this.#gone;
  }

  /** Whether it wrote such a line. */
  said(key: string): boolean {
    return this.lines.some((line) => key in line);
  }
}
