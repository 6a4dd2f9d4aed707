import type { Backoff } from './backoff.ts';

export interface Limits {
  /** Bytes of one committed step, as JSON. What parks, ends or releases an actor may have 8 KiB more. */
  readonly snapshotBytes: number;
  /** Effects of one actor that run at once; the rest wait. */
  readonly effectsInFlight: number;
  /** An effect that goes on for longer than this after its abort loses its place among those in flight. */
  readonly abortGraceMs: number;
  /** Steps of one actor before others get their turn. */
  readonly stepsPerSlice: number;
  /** Transitions of one machine within a step (`always`, `raise`): more is taken for a loop. A machine may set its own. */
  readonly microsteps: number;
  /** Messages one step may send. */
  readonly tellsPerStep: number;
  /** Children of one actor alive at once, those that outlive it not counted: their names are in each of its steps. */
  readonly children: number;
  /** How long an actor waits after a step for the full mailboxes it sent to, at most. */
  readonly fullMailboxWaitMs: number;
  /** Messages under way from one actor (outbox) before it takes no more. */
  readonly outboxDepth: number;
  /** Sending actors remembered per actor. Without bound where the transport gives none (`boundedRedelivery`). */
  readonly sendersRemembered: number;
  /** Receiving actors remembered per actor. */
  readonly receiversRemembered: number;
  /** Message ids from outside remembered per actor. */
  readonly idsRemembered: number;
  /** An actor with nothing to do is forgotten (not ended) after this. */
  readonly idleMs: number;
  /** A message that came too early, or to a parked actor, is handed back for this long. */
  readonly handBackMs: number;
  /** An actor that waits so long for the message before those that came has its mailbox read again from the start. */
  readonly gapMs: number;
  /** A message from outside for a kind that no host knows for this long becomes a dead letter. */
  readonly unknownKindMs: number;
  /** From this length on a timer is also scheduled with the servers, where these can and may. */
  readonly scheduledFromMs: number;
  /** Waits between tries when messaging does not answer. */
  readonly unavailable: Backoff;
  /** Waits between tries of a step that throws. */
  readonly failure: Backoff;
}

export const DEFAULT_LIMITS: Limits = {
  snapshotBytes: 512 * 1024,
  effectsInFlight: 16,
  abortGraceMs: 30_000,
  stepsPerSlice: 64,
  microsteps: 10_000,
  tellsPerStep: 500,
  children: 256,
  fullMailboxWaitMs: 1_000,
  outboxDepth: 1_000,
  sendersRemembered: 512,
  receiversRemembered: 512,
  idsRemembered: 32,
  idleMs: 60_000,
  handBackMs: 200,
  gapMs: 15_000,
  unknownKindMs: 60_000,
  scheduledFromMs: 5_000,
  unavailable: { firstMs: 20, maxMs: 1_000 },
  failure: { firstMs: 50, maxMs: 5_000 },
};
