import type { NodeId } from '#machines';
import type { Fence, FenceResult } from '#ports';
import { connectControl } from './control-client.ts';

/** More than a power-off takes when the machine is busy; past it the outcome is unknown, so not confirmed. */
const FENCE_DEADLINE_MS = 10_000;

/**
 * The lab's confirming fence: the lab's control server plays the power switch. It confirms only after no process of the
 * node is left, and only for incarnations up to the one asked for: a node that booted again since is not touched.
 */
export class LabFence implements Fence {
  readonly name = 'lab power switch';
  readonly #socket: string;

  constructor(controlSocket: string) {
    this.#socket = controlSocket;
  }

  async fence(node: NodeId, incarnation: number): Promise<FenceResult> {
    try {
      const peer = await connectControl(this.#socket);
      try {
        await peer.request('fence', { node, incarnation }, FENCE_DEADLINE_MS);
      } finally {
        peer.close();
      }
      return { outcome: 'confirmed', by: this.name };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { outcome: 'failed', by: this.name, why };
    }
  }
}
