import type { NodeId } from '../ids.ts';
import type { Observation } from './observation.ts';

export type SeenSlot = Observation['slots'][number];
export type SeenBeat = Observation['beats'][number];

/** An observation, to look up in by node. */
export interface SeenBy {
  readonly observation: Observation;
  readonly slots: ReadonlyMap<NodeId, SeenSlot>;
  readonly beats: ReadonlyMap<NodeId, SeenBeat>;
}

/** Made once for each observation: it is judged by many times over, interval after interval. */
export function seenBy(observation: Observation): SeenBy {
  const slots = new Map<NodeId, SeenSlot>();
  for (const slot of observation.slots) slots.set(slot.node, slot);
  const beats = new Map<NodeId, SeenBeat>();
  for (const beat of observation.beats) beats.set(beat.node, beat);
  return { observation, slots, beats };
}

/** An observation and when it came, by the receiver's own clock. */
export interface ReceivedObservation extends SeenBy {
  readonly receivedAtMs: number;
}
