import { LabError } from './lab-error.ts';
import type { NodeBox } from './node-box.ts';

/** A node came up or went down, and by whose hand. */
export interface PowerEvent {
  readonly node: string;
  readonly what: 'power-on' | 'power-off' | 'reset';
  readonly why: string;
}

const BY_HAND = 'the power switch';

interface Switch {
  box: NodeBox | undefined;
  /** Changes of one node happen one after the other. */
  queue: Promise<unknown>;
}

/**
 * The power switches of the lab's nodes. Invariant: a node is `off` only once no process of it is left. A node whose
 * watchdog bites, or whose first process ends, is swept and boots again, as real hardware would.
 */
export class NodePower {
  readonly #switches: ReadonlyMap<string, Switch>;
  readonly #boot: (node: string) => Promise<NodeBox>;
  readonly #listener: (event: PowerEvent) => void;

  constructor(
    nodes: readonly string[],
    boot: (node: string) => Promise<NodeBox>,
    listener: (event: PowerEvent) => void,
  ) {
    this.#switches = new Map(nodes.map((node) => [node, { box: undefined, queue: Promise.resolve() }]));
    this.#boot = boot;
    this.#listener = listener;
  }

  isOn(node: string): boolean {
    return this.#switch(node).box !== undefined;
  }

  /** The processes of a node that is on. */
  boundary(node: string): NodeBox['boundary'] | undefined {
    return this.#switch(node).box?.boundary;
  }

  /** Does nothing when it is on. */
  on(node: string, why = BY_HAND): Promise<void> {
    return this.#inTurn(node, async (its) => {
      if (its.box !== undefined) return;
      const box = await this.#boot(node);
      its.box = box;
      this.#listener({ node, what: 'power-on', why });
      void box.failed.then((reason) => this.#reset(node, box, reason));
    });
  }

  /** Resolves once no process of the node is left; does nothing when it is off. */
  off(node: string, why = BY_HAND): Promise<void> {
    return this.#inTurn(node, async (its) => {
      if (its.box === undefined) return;
      await its.box.powerOff();
      its.box = undefined;
      this.#listener({ node, what: 'power-off', why });
    });
  }

  async allOff(): Promise<void> {
    await Promise.all([...this.#switches.keys()].map((node) => this.off(node)));
  }

  #reset(node: string, box: NodeBox, why: string): Promise<void> {
    return this.#inTurn(node, async (its) => {
      if (its.box !== box) return; // we powered it off
      await box.powerOff();
      its.box = undefined;
      this.#listener({ node, what: 'reset', why });
      void this.on(node, 'after its reset').catch((error: unknown) =>
        this.#listener({ node, what: 'power-off', why: `it does not boot: ${String(error)}` }),
      );
    });
  }

  #inTurn(node: string, change: (its: Switch) => Promise<void>): Promise<void> {
    const its = this.#switch(node);
    const done = its.queue.then(() => change(its));
    its.queue = done.catch(() => undefined);
    return done;
  }

  #switch(node: string): Switch {
    const found = this.#switches.get(node);
    if (found !== undefined) return found;
    throw new LabError(`no node ${JSON.stringify(node)} in this lab: it has ${[...this.#switches.keys()].join(', ')}`);
  }
}
