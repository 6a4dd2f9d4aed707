import type { FuzzShape } from '../fuzz/random-cluster.ts';
import type { Focus } from '../fuzz/random-schedule.ts';
import type { Schedule } from '../fuzz/schedule.ts';

/** One mistake in the text of the product. */
export interface Patch {
  /** Below the root of the project. */
  readonly file: string;
  /** Must be there once: else the mutation is one of a product that is no more. */
  readonly find: string;
  readonly put: string;
}

/** A build that is broken in the midst of its code, where nothing around it can be falsified. */
export interface PatchedMutation {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Beginnings of the invariants of which one must be found broken. */
  readonly breaks: readonly string[];
  /** It must be found within that many seeds, counted from 1. */
  readonly withinSeeds: number;
  /** Random schedules, and where to look; or one made by hand, of which only what chance does differs by the seed. */
  readonly where: { readonly focus: Focus; readonly shape?: Partial<FuzzShape> } | ((seed: number) => Schedule);
}
