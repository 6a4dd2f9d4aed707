import type { ActorState } from './actor-state.ts';
import type { StepCause } from './envelope.ts';
import type { Kind } from './registration.ts';
import type { Address } from './transport.ts';

export interface StepInput {
  readonly kind: Kind;
  readonly address: Address;
  readonly state: ActorState;
  readonly cause: StepCause;
  readonly nowMs: number;
  /** Of the message that is the cause, in the mailbox. */
  readonly position?: number;
}
