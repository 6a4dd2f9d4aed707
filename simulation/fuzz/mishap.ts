import type { WorldFault } from '../faults/world-fault.ts';
import type { ScenarioEvent } from '../scenario/mod.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** What one random mishap consists of. */
export interface Mishap {
  readonly events: readonly ScenarioEvent[];
  readonly faults: readonly WorldFault[];
  /** Commands that may come with it: left out by tests that look for something else. */
  readonly commands?: readonly ScenarioEvent[];
}

export interface MishapInput {
  readonly random: SeededRandom;
  readonly at: number;
  /** No fault of it may last longer. */
  readonly healAt: number;
  readonly nodes: readonly string[];
  readonly vms: readonly string[];
  /** Names that VMs may still be added under. */
  readonly unusedNames: readonly string[];
}

/** Makes one mishap of one kind. */
export type Make = (input: MishapInput & Picked) => Mishap;
export interface Picked {
  readonly node: string;
  readonly vm: string;
  /** When it ends, and how long that is. */
  readonly later: number;
  readonly seconds: number;
}

/** A mishap of events that a scenario file can say. */
export const of = (...events: ScenarioEvent[]): Mishap => ({ events, faults: [] });
/** One of faults below that. */
export const below = (...faults: WorldFault[]): Mishap => ({ events: [], faults });

/** Each kind with how often it comes. */
export type Kinds = readonly (readonly [weight: number, make: Make])[];
