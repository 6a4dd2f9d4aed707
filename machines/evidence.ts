import type { NodeId } from './ids.ts';

/**
 * Why a holder's copy of a VM is known not to be able to write (G2). Checked once more on shared storage by the node
 * that takes the lease sector:
 * - `fence`: a device said that this incarnation of the host is off for ever, and its slot stood at `sequence` after that. Void
 *   once its slot shows more: then the host lives, or a write landed late. Void too if a later incarnation took the sector.
 * - `word`: the node said all its copies are suspended or off. Void once its slot shows a sequence above `sequence`.
 * - `bound`: nobody saw its slot change for the takeover bound, so its guardian has acted. Void as soon as the slot changed.
 */
export type DownEvidence =
  | {
      readonly kind: 'fence';
      readonly node: NodeId;
      readonly incarnation: number;
      readonly sequence: number;
      readonly fence: string;
    }
  | { readonly kind: 'word'; readonly node: NodeId; readonly incarnation: number; readonly sequence: number }
  | {
      readonly kind: 'bound';
      readonly node: NodeId;
      readonly incarnation: number;
      readonly sequence: number;
      readonly ageMs: number;
      readonly observers: readonly NodeId[];
    };
