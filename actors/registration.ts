import type { AnyStateMachine } from 'xstate';
import type { z } from 'zod';
import type { StoredSnapshot } from './envelope.ts';
import type { Address } from './transport.ts';

/** What an effect is given besides its input. */
export interface EffectScope {
  /** The same each time this very effect is run again: hand it on as idempotency key. */
  readonly key: string;
  /** Aborted when the machine left the invoking state, or this host gives the actor up. */
  readonly signal: AbortSignal;
  readonly address: Address;
}

/** Runs at least once per key. What it resolves to must be JSON; a rejection becomes the error event. */
export type EffectHandler = {
  // A method, so that a handler may declare the input it expects (bivariance): inputs come from the kind's own machine.
  run(input: unknown, scope: EffectScope): Promise<unknown>;
}['run'];

/** What becomes of an actor whose step keeps throwing. */
export interface OnError {
  /** Tries before the policy acts. Default 5. */
  readonly maxFailures: number;
  /** `park`: keep its messages, wait for `release`. `stop`: end it. `escalate`: end it, and its supervisor fails too unless it handles `actor.escalated`. */
  readonly policy: 'park' | 'stop' | 'escalate';
}

export interface KindOptions {
  /** Any XState v5 machine. */
  readonly machine: AnyStateMachine;
  /** Counts up when stored snapshots would no longer fit the machine. */
  readonly version: number;
  /** Checks every event that comes from outside the actor. */
  readonly events: z.ZodType;
  readonly effects?: Readonly<Record<string, EffectHandler>>;
  readonly onError?: Partial<OnError>;
  /** Takes a snapshot of an older version to this one. Pure. */
  readonly migrate?: (stored: StoredSnapshot, fromVersion: number) => StoredSnapshot;
}

export interface Kind extends KindOptions {
  readonly name: string;
  readonly effects: Readonly<Record<string, EffectHandler>>;
  readonly onError: OnError;
}
