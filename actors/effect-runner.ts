import type { AnyActorLogic } from 'xstate';
import type { Timer } from './clock.ts';
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

interface Run {
  readonly effect: PendingEffect;
  readonly abort: AbortController;
  /**
   * `wanted`: the actor waits for it. `abandoned`: aborted, nobody waits; that it was done all the same goes on record.
   * `discarded`: aborted, and to be run again under the same key (after a release, on another host).
   */
  state: 'wanted' | 'abandoned' | 'discarded';
  /** Takes a place in `effectsInFlight`. */
  counted: boolean;
  /** Until its place is taken from it, once aborted. */
  grace: Timer | undefined;
}

/** Runs the effects an actor has pending, in order, a limited number at once. */
export class EffectRunner {
  readonly #address: Address;
  readonly #context: HostContext;
  /** Not ended, wanted or not: one that was aborted may go on. */
  readonly #runs = new Set<Run>();
  readonly #wanted = new Map<string, Run>();
  /** Ended, result not committed yet. */
  readonly #ended = new Set<string>();
  #counted = 0;
  readonly #onEnd: (effect: PendingEffect, result: EffectResult) => void;
  readonly #onRoom: () => void;

  /** `onRoom`: one that nobody waited for has ended or lost its place, so that another may start. */
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

  /** True while something runs, wanted or not: its result is to be heard. */
  get isBusy(): boolean {
    return this.#runs.size > 0;
  }

  /** Starts what is pending and not running, aborts what is running and no longer pending. */
  follow(kind: Kind, pending: ReadonlyMap<string, PendingEffect>): void {
    for (const [key, run] of this.#wanted) if (!pending.has(key)) this.#abort(run, 'abandoned');
    for (const key of this.#ended) if (!pending.has(key)) this.#ended.delete(key);
    for (const effect of pending.values()) {
      if (this.#counted >= this.#context.limits.effectsInFlight) return;
      if (!this.#wanted.has(effect.key) && !this.#ended.has(effect.key)) this.#start(kind, effect);
    }
  }

  /** Aborts everything: what is pending is run again by a later `follow`. */
  stop(): void {
    for (const run of this.#wanted.values()) this.#abort(run, 'discarded');
    this.#ended.clear();
  }

  /** Aborts everything, and nothing runs here any more. */
  halt(): void {
    this.stop();
    for (const { grace } of this.#runs) grace?.cancel();
  }

  #abort(run: Run, state: 'abandoned' | 'discarded'): void {
    const { clock, limits } = this.#context;
    this.#wanted.delete(run.effect.key);
    run.state = state;
    run.grace = clock.after(limits.abortGraceMs, () => this.#losePlace(run));
    run.abort.abort();
  }

  /** It ignores its abort: those that wait for a place must not wait for it. */
  #losePlace(run: Run): void {
    const { effect, state } = run;
    const { alert, limits } = this.#context;
    const message = `${effect.source} goes on ${limits.abortGraceMs} ms after its abort: it no longer counts as in flight`;
    this.#uncount(run);
    alert({ code: 'EFFECT_STUCK', address: this.#address, text: `${this.#address}: ${message} (key ${effect.key})` });
    if (state === 'abandoned') this.#onEnd(effect, { ok: false, error: { message, code: 'EFFECT_STUCK' } });
    this.#onRoom();
  }

  #uncount(run: Run): void {
    run.grace?.cancel();
    run.grace = undefined;
    if (!run.counted) return;
    run.counted = false;
    this.#counted--;
  }

  #start(kind: Kind, effect: PendingEffect): void {
    const run: Run = { effect, abort: new AbortController(), state: 'wanted', counted: true, grace: undefined };
    this.#runs.add(run);
    this.#wanted.set(effect.key, run);
    this.#counted++;
    const scope = { key: effect.key, signal: run.abort.signal, address: this.#address };
    Promise.resolve()
      .then(() => workOf(kind, effect)(effect.input, scope))
      .then((output): EffectResult => {
        assertSerialisable(output, `output of ${effect.source}`);
        return { ok: true, output };
      })
      .catch((error: unknown): EffectResult => ({ ok: false, error: plainError(error) }))
      .then((result) => this.#end(run, result));
  }

  #end(run: Run, result: EffectResult): void {
    const { effect } = run;
    this.#runs.delete(run);
    this.#uncount(run);
    if (run.state === 'wanted') {
      this.#wanted.delete(effect.key);
      this.#ended.add(effect.key);
      this.#onEnd(effect, result);
      return;
    }
    // That it was done although nobody waited for it any more goes on record; that it was cut short does not.
    if (run.state === 'abandoned' && result.ok) this.#onEnd(effect, result);
    this.#onRoom();
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
