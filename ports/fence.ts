import type { NodeId } from '#machines';

/** `confirmed`: that incarnation of the host cannot run anything any more. Anything less is `failed` (G2). */
export type FenceResult =
  | {
      readonly outcome: 'confirmed';
      readonly by: string;
      /** It had power, and this fence took it. */
      readonly cut?: boolean;
    }
  | { readonly outcome: 'failed'; readonly by: string; readonly why: string };

export interface Fence {
  readonly name: string;
  /** Idempotent. Never resolves `confirmed` on a guess; resolves `failed` at the latest after its own deadline. */
  fence(node: NodeId, incarnation: number): Promise<FenceResult>;
  /** Gives a node its power back; it boots under a new incarnation. Rejects when the device did not take the order. */
  powerOn?(node: NodeId): Promise<void>;
}
