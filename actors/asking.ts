import { z } from 'zod';
import type { Bus, Unsubscribe } from './bus.ts';
import type { Clock, Timer } from './clock.ts';
import { MalformedEvent, NotAnswered, RequestTimeout, SystemStopped } from './errors.ts';

const answer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), outcome: z.string(), why: z.string() }),
]);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

/** The questions of this host that wait for an answer, on one bus subject. */
export class Asking {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #waiting = new Map<string, Waiting>();
  #unsubscribe: Unsubscribe | undefined;

  constructor(bus: Bus, clock: Clock, hostId: string) {
    this.#bus = bus;
    this.#clock = clock;
    this.#prefix = `replies.${hostId}`;
  }

  start(): void {
    this.#unsubscribe = this.#bus.subscribe(`${this.#prefix}.>`, (payload, subject) =>
      this.#answered(payload, subject),
    );
  }

  stop(): void {
    this.#unsubscribe?.();
    for (const { reject, timer } of this.#waiting.values()) {
      timer.cancel();
      reject(new SystemStopped('the actor system was stopped'));
    }
    this.#waiting.clear();
  }

  /** Waits for the answer to message `id`; `send` is given the subject to answer on. */
  ask(id: string, what: string, timeoutMs: number, send: (replyTo: string) => Promise<void>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiting.delete(id);
        reject(new RequestTimeout(`${what}: no answer within ${timeoutMs} ms`));
      });
      this.#waiting.set(id, { resolve, reject, timer });
      send(`${this.#prefix}.${id}`).catch((error: unknown) => {
        timer.cancel();
        this.#waiting.delete(id);
        reject(error);
      });
    });
  }

  #answered(payload: unknown, subject: string): void {
    const id = subject.slice(this.#prefix.length + 1);
    const waiting = this.#waiting.get(id);
    const parsed = answer.safeParse(payload);
    if (waiting === undefined || !parsed.success) return; // late, or not ours
    this.#waiting.delete(id);
    waiting.timer.cancel();
    if (parsed.data.ok) waiting.resolve(parsed.data.value);
    else waiting.reject(failure(parsed.data.outcome, parsed.data.why));
  }
}

function failure(outcome: string, why: string): Error {
  return outcome === 'refused' ? new MalformedEvent(why) : new NotAnswered(`${outcome}: ${why}`);
}
