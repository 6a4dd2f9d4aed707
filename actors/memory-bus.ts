import type { Bus, Unsubscribe } from './bus.ts';
import type { Clock } from './clock.ts';
import { RequestFailed, RequestTimeout } from './errors.ts';

type Listener = (payload: unknown, subject: string) => void;
type Handler = (payload: unknown) => Promise<unknown>;

/** A bus inside one process. Deterministic: listeners are called in the order they subscribed, in a later microtask. */
export class MemoryBus implements Bus {
  readonly #clock: Clock;
  readonly #exact = new Map<string, Set<Listener>>();
  readonly #below = new Map<string, Set<Listener>>();
  readonly #handlers = new Map<string, Handler[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  publish(subject: string, payload: unknown): void {
    // As over a wire: nobody shares objects with the sender, and nothing that JSON cannot carry gets through.
    const text = JSON.stringify(payload ?? null);
    queueMicrotask(() => {
      const value: unknown = JSON.parse(text);
      for (const listener of [...(this.#exact.get(subject) ?? [])]) listener(value, subject);
      for (const [prefix, listeners] of this.#below) {
        if (subject.startsWith(prefix)) for (const listener of [...listeners]) listener(value, subject);
      }
    });
  }

  subscribe(subject: string, listener: Listener): Unsubscribe {
    const wild = subject.endsWith('.>');
    const table = wild ? this.#below : this.#exact;
    const key = wild ? subject.slice(0, -1) : subject;
    const listeners = table.get(key) ?? new Set<Listener>();
    table.set(key, listeners);
    const own: Listener = (payload, on) => listener(payload, on);
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0) table.delete(key);
    };
  }

  answer(subject: string, handler: Handler): Unsubscribe {
    const handlers = this.#handlers.get(subject) ?? [];
    this.#handlers.set(subject, handlers);
    handlers.push(handler);
    return () => {
      const at = handlers.indexOf(handler);
      if (at >= 0) handlers.splice(at, 1);
    };
  }

  request(subject: string, payload: unknown, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeoutMs, () =>
        reject(new RequestTimeout(`nobody answered ${subject} within ${timeoutMs} ms`)),
      );
      const handler = this.#handlers.get(subject)?.[0];
      if (handler === undefined) return;
      const value: unknown = JSON.parse(JSON.stringify(payload ?? null));
      Promise.resolve()
        .then(() => handler(value))
        .then(
          (answer) => {
            timer.cancel();
            resolve(JSON.parse(JSON.stringify(answer ?? null)));
          },
          (error: unknown) => {
            timer.cancel();
            reject(new RequestFailed(`${subject}: ${error instanceof Error ? error.message : String(error)}`));
          },
        );
    });
  }
}
