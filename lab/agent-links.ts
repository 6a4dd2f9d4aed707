import { LabError } from './lab-error.ts';
import type { LinePeer } from './line-peer.ts';

const ANSWER_MS = 10_000;

/** The connections that the nodes' agents hold to the lab. */
export class AgentLinks {
  readonly #peers = new Map<string, LinePeer>();

  add(node: string, peer: LinePeer): void {
    this.#peers.set(node, peer);
    void peer.closed.then(() => {
      if (this.#peers.get(node) === peer) this.#peers.delete(node);
    });
  }

  /** Throws `LabError` when no agent of that node is connected. */
  async ask(node: string, verb: string, args: unknown, timeoutMs = ANSWER_MS): Promise<unknown> {
    const peer = this.#peers.get(node);
    if (peer === undefined) throw new LabError(`the agent of ${node} does not answer: is the node on?`);
    return await peer.request(verb, args, timeoutMs);
  }
}
