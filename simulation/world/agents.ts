import type { NodeId } from '#machines';
import type { NodeProcessControl } from '../../node-agent/node-process-options.ts';
import type { SimHost } from './host.ts';
import type { SimProcess } from './sim-process.ts';

/** A crash that waits for its moment: at the `left`-th time that the agent passes `point`. */
interface PlannedCrash {
  readonly point: string;
  left: number;
  readonly then: () => void;
}

/** Makes the agent of one host, ready to be started. */
export type AgentMaker = (process: SimProcess) => NodeProcessControl;

/** The agent processes of all hosts: at most one a host, each may be killed at any of its crash points. */
export class Agents {
  readonly #running = new Map<SimHost, NodeProcessControl>();
  readonly #crashes = new Map<NodeId, PlannedCrash>();
  readonly #failed: (node: NodeId, error: unknown) => void;

  /** `failed` is told when an agent threw where nothing may be thrown. */
  constructor(failed: (node: NodeId, error: unknown) => void) {
    this.#failed = failed;
  }

  of(host: SimHost): NodeProcessControl | undefined {
    return this.#running.get(host);
  }

  /** Starts an agent unless one runs, also while the host goes down; on a host that is off or still boots the boot will start it. */
  start(host: SimHost, make: AgentMaker): void {
    if (!host.booted || host.process !== undefined) return;
    const process = host.startProcess();
    process.onReach = (point) => this.#reached(host, process, point);
    const agent = make(process);
    this.#running.set(host, agent);
    process.run(() => {
      agent.start().catch((error: unknown) => {
        if (process.alive) this.#failed(host.name, error);
      });
    });
  }

  /** SIGKILL: its VMs live on, its watchdog counts on. */
  kill(host: SimHost): void {
    const agent = this.#running.get(host);
    this.#running.delete(host);
    host.killProcess();
    agent?.kill();
  }

  /** Kills the agent at the `nth` time from now that it passes `point`; then calls `then`. */
  crashAt(node: NodeId, point: string, nth: number, then: () => void): void {
    this.#crashes.set(node, { point, left: nth, then });
  }

  /** Takes a planned crash back that did not happen. */
  spare(node: NodeId): void {
    this.#crashes.delete(node);
  }

  #reached(host: SimHost, process: SimProcess, point: string): void {
    const planned = this.#crashes.get(host.name);
    if (planned?.point !== point || host.process !== process) return;
    planned.left -= 1;
    if (planned.left > 0) return;
    this.#crashes.delete(host.name);
    this.kill(host);
    planned.then();
  }
}
