import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { LabError } from './lab-error.ts';

const line = z.union([
  z.object({ id: z.number().int(), do: z.string(), args: z.unknown() }),
  z.object({ id: z.number().int(), ok: z.literal(true), result: z.unknown() }),
  z.object({ id: z.number().int(), ok: z.literal(false), why: z.string(), user: z.boolean() }),
]);

/** Answers a request of the other side; a thrown `LabError` reaches it as one. */
export type LineHandler = (verb: string, args: unknown, peer: LinePeer) => Promise<unknown>;

/** The other side went away, or did not answer in time: whether it did what was asked is unknown. */
export class PeerGone extends Error {
  override readonly name = 'PeerGone';
  readonly code = 'PEER_GONE';
  readonly retryable = true;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** One end of a unix socket on which both sides ask and answer, a JSON object a line. */
export class LinePeer {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(socket: Socket, handler: LineHandler) {
    this.#socket = socket;
    const lines = createInterface({ input: socket });
    lines.on('line', (text) => void this.#receive(text, handler));
    lines.on('error', () => undefined); // 'close' follows
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(new PeerGone('the connection ended'));
        resolve();
      });
    });
  }

  /** Throws `LabError` as the other side threw it, `PeerGone` when it ended or was silent for `timeoutMs`. */
  request(verb: string, args: unknown, timeoutMs: number): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle(id)?.reject(new PeerGone(`no answer to ${verb} within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      if (this.#socket.destroyed) this.#settle(id)?.reject(new PeerGone('the connection ended'));
      else this.#send({ id, do: verb, args });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  async #receive(text: string, handler: LineHandler): Promise<void> {
    const parsed = line.safeParse(parseJson(text));
    if (!parsed.success) {
      this.#socket.destroy(); // nothing after it can be trusted either
      return;
    }
    const got = parsed.data;
    if ('do' in got) {
      const answer = await handler(got.do, got.args, this).then(
        (result) => ({ id: got.id, ok: true, result: result ?? null }),
        (error: unknown) => ({
          id: got.id,
          ok: false,
          why: error instanceof Error ? error.message : String(error),
          user: error instanceof LabError,
        }),
      );
      this.#send(answer);
      return;
    }
    const waiting = this.#settle(got.id);
    if (got.ok) waiting?.resolve(got.result);
    else waiting?.reject(got.user ? new LabError(got.why) : new Error(got.why));
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }

  #send(value: object): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(value)}\n`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
