import type { AnyActorLogic } from 'xstate';
import type { PendingEffect } from './envelope.ts';
import { UnsupportedAction } from './errors.ts';
import type { HostContext } from './host-context.ts';
import { promiseWork } from './promise-logic.ts';
import type { Kind } from './registration.ts';
import { assertSerialisable } from './serialisable.ts';
import type { Address } from './transport.ts';

export type EffectResult =
  | { readonly ok: true; readonly output: unknown }
  | { readonly ok: false; readonly error: { readonly message: string; readonly code?: string } };

/** Runs the effects an actor has pending, in order, a limited number at once. */
export class EffectRunner {
  readonly #address: Address;
  readonly #context: HostContext;
  readonly #running = new Map<string, AbortController>();
  /** Ended, result not committed yet. */
  readonly #ended = new Set<string>();
  /** Aborted because the actor no longer waits for them; a result may still come. */
  readonly #abandoned = new Set<string>();
  /** Not ended, wanted or not: one that was aborted may go on. */
  #live = 0;
  readonly #onEnd: (effect: PendingEffect, result: EffectResult) => void;
  readonly #onRoom: () => void;

  /** `onRoom`: one that nobody waited for has ended, so that another may start. */
  constructor(
    address: Address,
    context: HostContext,
    onEnd: (effect: PendingEffect, result: EffectResult) => void,
    onRoom: () => void,
  ) {
    this.#address = address;
    this.#context = context;
    this.#onEnd = onEnd;
    this.#onRoom = onRoom;
  }

  /** Starts what is pending and not running, aborts what is running and no longer pending. */
  follow(kind: Kind, pending: ReadonlyMap<string, PendingEffect>): void {
    for (const [key, abort] of this.#running) {
      if (!pending.has(key)) {
        this.#running.delete(key);
        this.#abandoned.add(key);
        abort.abort();
      }
    }
    for (const key of this.#ended) if (!pending.has(key)) this.#ended.delete(key);
    for (const effect of pending.values()) {
      if (this.#live >= this.#context.limits.effectsInFlight) return;
      if (!this.#running.has(effect.key) && !this.#ended.has(effect.key)) this.#start(kind, effect);
    }
  }

  stop(): void {
    for (const abort of this.#running.values()) abort.abort();
    this.#running.clear();
    this.#ended.clear();
    this.#abandoned.clear();
  }

  #start(kind: Kind, effect: PendingEffect): void {
    const abort = new AbortController();
    this.#running.set(effect.key, abort);
    this.#live++;
    const end = (result: EffectResult): void => {
      this.#live--;
      if (this.#running.get(effect.key) !== abort) {
        // Nobody waits for it any more. That it was done all the same goes on record; that it was cut short does not.
        if (this.#abandoned.delete(effect.key) && result.ok) this.#onEnd(effect, result);
        this.#onRoom();
        return;
      }
      this.#running.delete(effect.key);
      this.#ended.add(effect.key);
      this.#onEnd(effect, result);
    };
    const scope = { key: effect.key, signal: abort.signal, address: this.#address };
    Promise.resolve()
      .then(() => workOf(kind, effect)(effect.input, scope))
      .then((output): EffectResult => {
        assertSerialisable(output, `output of ${effect.source}`);
        return { ok: true, output };
      })
      .catch((error: unknown): EffectResult => ({ ok: false, error: plainError(error) }))
      .then(end);
  }
}

function workOf(kind: Kind, effect: PendingEffect): Kind['effects'][string] {
  const registered = Object.hasOwn(kind.effects, effect.source) ? kind.effects[effect.source] : undefined;
  if (registered !== undefined) return registered;
  const logic = kind.machine.implementations.actors[effect.source];
  const plain = typeof logic === 'object' ? promiseWork(logic as AnyActorLogic) : undefined; // setup() declares logic here
  if (plain === undefined) throw new UnsupportedAction(`no effect ${effect.source} for kind ${kind.name} on this host`);
  return async (input, { signal }) => plain({ input, signal });
}

function plainError(error: unknown): { message: string; code?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? { message: error.message, code } : { message: error.message };
}
