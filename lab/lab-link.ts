import { connectControl } from './control-client.ts';
import type { LineHandler, LinePeer } from './line-peer.ts';
import type { LabLogEntry, NodeReport } from './node-report.ts';

const RECONNECT_MS = 200;
const ANSWER_MS = 5000;
/** Log entries kept while the lab does not listen. */
const KEPT = 500;

/** The agent's line to the lab: what people see goes up, guest buttons come down. Nothing of the product waits for it. */
export class LabLink {
  readonly #socket: string;
  readonly #node: string;
  readonly #handler: LineHandler;
  readonly #unsent: LabLogEntry[] = [];
  #peer: LinePeer | undefined;

  /** Connects in the background, and again whenever the line is cut. */
  constructor(socket: string, node: string, handler: LineHandler) {
    this.#socket = socket;
    this.#node = node;
    this.#handler = handler;
    void this.#keepConnected();
  }

  log(entry: LabLogEntry): void {
    this.#unsent.push(entry);
    if (this.#unsent.length > KEPT) this.#unsent.shift();
    this.#flush();
  }

  report(report: NodeReport): void {
    this.#peer?.request('report', report, ANSWER_MS).catch(() => undefined);
  }

  #flush(): void {
    if (this.#peer === undefined) return;
    for (const entry of this.#unsent.splice(0)) this.#peer.request('log', entry, ANSWER_MS).catch(() => undefined);
  }

  async #keepConnected(): Promise<never> {
    for (;;) {
      try {
        const peer = await connectControl(this.#socket, this.#handler);
        await peer.request('agent', { node: this.#node }, ANSWER_MS);
        this.#peer = peer;
        this.#flush();
        await peer.closed;
      } catch {
        // the lab is not there just now
      }
      this.#peer = undefined;
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }
}
