import { type ActorState, emptyState, loadState, type PendingTimer } from './actor-state.ts';
import { refresh } from './admit.ts';
import { Halted, untilAvailable } from './backoff.ts';
import { laneOf } from './control.ts';
import { type EffectResult, EffectRunner } from './effect-runner.ts';
import type { PendingEffect } from './envelope.ts';
import type { HostContext } from './host-context.ts';
import { Outbox } from './outbox.ts';
import type { Kind } from './registration.ts';
import { TimerSet } from './timer-set.ts';
import type { Address, JournalEntry, MailboxMessage } from './transport.ts';

export interface LoadedActorEdges {
  readonly halted: () => boolean;
  readonly onEffect: (effect: PendingEffect, result: EffectResult) => void;
  /** An effect may start that had to wait. */
  readonly onRoom: () => void;
  readonly onTimer: (id: string, timer: PendingTimer) => void;
}

/**
 * An actor's state in memory and what runs for it: effects, timers, unsent messages. Invariant: `state` is what the journal
 * holds, or undefined when that is not known.
 */
export class LoadedActor {
  readonly #address: Address;
  readonly #context: HostContext;
  readonly #kind: Kind;
  readonly #halted: () => boolean;
  readonly #effects: EffectRunner;
  readonly #timers: TimerSet;
  readonly #outbox: Outbox;
  #state: ActorState | undefined;
  /** Messages that came again since the last commit, by id or sender. */
  readonly #recognised = new Map<string, MailboxMessage>();

  constructor(address: Address, context: HostContext, kind: Kind, edges: LoadedActorEdges) {
    this.#address = address;
    this.#context = context;
    this.#kind = kind;
    this.#halted = edges.halted;
    this.#effects = new EffectRunner(address, context, edges.onEffect, edges.onRoom);
    this.#timers = new TimerSet(context.clock, edges.onTimer);
    this.#outbox = new Outbox(context, address, edges.halted);
  }

  get state(): ActorState | undefined {
    return this.#state;
  }

  /** True while something of its own will make it step or send. */
  get isBusy(): boolean {
    const { timers, effects } = this.#state ?? {};
    return this.#effects.isBusy || this.#outbox.size > 0 || (timers?.size ?? 0) > 0 || (effects?.size ?? 0) > 0;
  }

  /**
   * Reads the journal if need be, or takes `seen`: an entry that was the last a moment ago. If a newer one was committed
   * since, this actor's own step is refused and it loads again. Throws `Halted`, `CorruptJournal`, `VersionMismatch`.
   */
  async load(seen?: JournalEntry): Promise<ActorState> {
    if (this.#state !== undefined) return this.#state;
    const { transport, clock } = this.#context;
    const entry = seen ?? (await this.untilAvailable(() => transport.latest(this.#address)));
    if (this.#halted()) throw new Halted();
    const state = entry === undefined ? emptyState() : loadState(this.#kind, entry, clock.nowMs());
    this.#timers.recall(state.timers);
    this.#outbox.add(state.outbox);
    state.outbox = this.#outbox.messages;
    for (const message of this.#recognised.values()) refresh(state, message);
    this.#state = state;
    this.follow();
    return state;
  }

  /** The state may no longer be what the journal holds. What is unsent comes back with the next load. */
  forget(): void {
    this.#state = undefined;
    this.#outbox.clear();
  }

  /** A taken message that came again: remembered as if taken now, also when the state is loaded again before its next step. */
  recognised(message: MailboxMessage): void {
    if (this.#state !== undefined) refresh(this.#state, message);
    this.#recognised.set(message.sequence === undefined ? message.id : laneOf(message.from, message.event), message);
  }

  /** The state was committed. */
  committed(): void {
    this.#recognised.clear();
  }

  send(messages: readonly MailboxMessage[]): void {
    this.#outbox.add(messages);
  }

  /** Committed messages that messaging has not taken yet. */
  get unsent(): number {
    return this.#outbox.size;
  }

  /** Resolves when messaging has taken all its messages. */
  untilSent(): Promise<void> {
    return this.#outbox.untilSent();
  }

  /** Resolves when its outbox has room. */
  untilRoom(): Promise<void> {
    return this.#outbox.untilRoom();
  }

  /** Starts and ends timers and effects as the state says. */
  follow(): void {
    const state = this.#state;
    if (state === undefined) return;
    if (state.status === 'parked') {
      this.#effects.stop();
      this.#timers.stop();
      return;
    }
    this.#timers.follow(state.timers);
    this.#effects.follow(this.#kind, state.effects);
  }

  /** Nothing of it runs on here. */
  halt(): void {
    this.#effects.halt();
    this.#timers.stop();
  }

  /** Repeats `work` until messaging answers. Throws `Halted`. */
  untilAvailable<Result>(work: () => Promise<Result>): Promise<Result> {
    const { clock, random, limits, alert } = this.#context;
    const onRetry = (error: Error, attempt: number): void => {
      if (attempt % 10 !== 1) return;
      alert({ code: 'TRANSPORT_UNAVAILABLE', address: this.#address, text: error.message });
    };
    return untilAvailable(clock, random, limits.unavailable, this.#halted, onRetry, work);
  }
}
