import type { NodeId } from '#machines';

/** `confirmed`: that incarnation of the host cannot run anything any more. Anything less is `failed` (G2). */
export type FenceResult =
  | { readonly outcome: 'confirmed'; readonly by: string }
  | { readonly outcome: 'failed'; readonly by: string; readonly why: string };

export interface Fence {
  readonly name: string;
  /** Idempotent. Never resolves `confirmed` on a guess; resolves `failed` at the latest after its own deadline. */
  fence(node: NodeId, incarnation: number): Promise<FenceResult>;
}
