import {
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  initialTransition,
  transition,
} from 'xstate';
import { intentOf } from '../actors/actions.ts';

/** One machine stepped by hand: what each event made of it, and what it asked of the runtime, in short words. */
export class TestChart {
  #snapshot: AnyMachineSnapshot;
  readonly #machine: AnyStateMachine;
  /** What the last step asked for: `-> address event`, `! effect`, `? invoked`, `@ ms`, `+ spawned`. */
  asked: readonly string[] = [];

  constructor(machine: AnyStateMachine, input: unknown) {
    this.#machine = machine;
    const [snapshot, actions] = initialTransition(machine, input);
    this.#snapshot = snapshot;
    this.asked = wordsOf(actions);
  }

  get context(): AnyMachineSnapshot['context'] {
    return this.#snapshot.context;
  }

  /** The active state as a path: `running.active`. */
  get state(): string {
    const path = (value: unknown): string =>
      typeof value === 'string'
        ? value
        : Object.entries(value as Record<string, unknown>) // what XState gives for a compound state
            .map(([key, inner]) => `${key}.${path(inner)}`)
            .join('|');
    return path(this.#snapshot.value);
  }

  /** Applies events one after the other; `asked` is of the last. */
  take(...events: readonly AnyEventObject[]): this {
    for (const event of events) {
      const [snapshot, actions] = transition(this.#machine, this.#snapshot, event);
      this.#snapshot = snapshot;
      this.asked = wordsOf(actions);
    }
    return this;
  }

  /** The invoked effect ended well. */
  done(output: unknown): this {
    return this.take({ type: `xstate.done.actor.${this.#invoked()}`, output });
  }

  fails(): this {
    return this.take({ type: `xstate.error.actor.${this.#invoked()}`, error: new Error('no answer') });
  }

  /** The delay of the active state with that name or of that many ms is over. */
  after(delay: string | number): this {
    const node = this.#snapshot._nodes.find((each) => each.after.some((entry) => entry.delay === delay));
    if (node === undefined) throw new RangeError(`${this.state} has no delay ${delay}`);
    return this.take({ type: `xstate.after.${delay}.${node.id}` });
  }

  #invoked(): string {
    const ids = this.#snapshot._nodes.flatMap((node) => node.invoke.map(({ id }) => id));
    const id = ids.at(-1);
    if (id === undefined) throw new RangeError(`${this.state} invokes nothing`);
    return id;
  }
}

function wordsOf(actions: readonly { readonly type: string }[]): string[] {
  return actions.flatMap((action) => {
    const { exec, info, params } = action as unknown as {
      exec: object | undefined;
      info: Parameters<typeof intentOf>[1];
      params: Record<string, unknown> | undefined;
    }; // XState's executable actions
    if (action.type === 'xstate.spawnChild') return [`? ${String(params?.src)}`];
    if (action.type === 'xstate.raise' && params?.delay !== undefined) return [`@ ${String(params.delay)}`];
    if (exec === undefined) return [];
    const intent = intentOf(exec, info, params);
    if (intent === undefined) return [];
    const values = (Array.isArray(intent.value) ? intent.value : [intent.value]) as Record<string, unknown>[]; // lists are fine
    return values.map((value) => {
      if (intent.kind === 'tell') return `-> ${String(value.to)} ${String((value.event as AnyEventObject).type)}`;
      if (intent.kind === 'effect') return `! ${String(value.run)}`;
      return `+ ${String(value.address)}`;
    });
  });
}
