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

/** Weak: gone with the observation. Each is judged by many times over, interval after interval, host after host. */
const KNOWN = new WeakMap<Observation, SeenBy>();

/** The observation must not change afterwards. */
export function seenBy(observation: Observation): SeenBy {
  const known = KNOWN.get(observation);
  if (known !== undefined) return known;
  const slots = new Map(observation.slots.map((slot) => [slot.node, slot]));
  const beats = new Map(observation.beats.map((beat) => [beat.node, beat]));
  const seen = { observation, slots, beats };
  KNOWN.set(observation, seen);
  return seen;
}
