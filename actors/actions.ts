import type { ActionArgs, AnyEventObject, EventObject, MachineContext, NonReducibleUnknown } from 'xstate';

/** A message to another actor; durable once the step is committed. */
export interface TellIntent {
  readonly to: string;
  readonly event: AnyEventObject;
}
/** Runs `effects[run]` at least once; the result comes back as `effect.done` or `effect.error` (may stay unhandled). */
export interface EffectIntent {
  readonly run: string;
  readonly input?: unknown;
}
/** Creates an actor that this one supervises. */
export interface SpawnIntent {
  readonly address: string;
  readonly input?: unknown;
  /** True: it lives on when this one ends. By default it is stopped with its supervisor. */
  readonly outlives?: boolean;
}

export type Intent =
  | { readonly kind: 'tell'; readonly value: TellIntent | readonly TellIntent[] }
  | { readonly kind: 'effect'; readonly value: EffectIntent | readonly EffectIntent[] }
  | { readonly kind: 'spawnChild'; readonly value: SpawnIntent | readonly SpawnIntent[] }
  | { readonly kind: 'stopChild'; readonly value: string | readonly string[] }
  | { readonly kind: 'reply'; readonly value: unknown };

type Resolve = (args: ActionArgs<MachineContext, EventObject, EventObject>, params: unknown) => unknown;

/** What each action made below stands for. Weak: machines may be made and thrown away. */
const INTENTS = new WeakMap<object, { kind: Intent['kind']; resolve: Resolve }>();

type IntentAction<
  TContext extends MachineContext,
  TExpressionEvent extends EventObject,
  TParams,
  TEvent extends EventObject,
> = (args: ActionArgs<TContext, TExpressionEvent, TEvent>, params: TParams) => void;

function define<TValue>(kind: Intent['kind']) {
  return <
    TContext extends MachineContext,
    TExpressionEvent extends EventObject,
    TParams extends NonReducibleUnknown,
    TEvent extends EventObject,
  >(
    resolve: (args: ActionArgs<TContext, TExpressionEvent, TEvent>, params: TParams) => TValue,
  ): IntentAction<TContext, TExpressionEvent, TParams, TEvent> => {
    // Does nothing by itself: outside the runtime, in an XState tool, the machine just moves.
    const action: IntentAction<TContext, TExpressionEvent, TParams, TEvent> = () => {};
    Object.defineProperty(action, 'name', { value: kind });
    INTENTS.set(action, { kind, resolve: resolve as unknown as Resolve }); // XState calls it with the types it was declared for
    return action;
  };
}

/** `tell(({ context }) => ({ to, event }))`, or a list of them. */
export const tell = define<TellIntent | readonly TellIntent[]>('tell');
/** `effect(({ context }) => ({ run: 'notify', input }))`, or a list of them. */
export const effect = define<EffectIntent | readonly EffectIntent[]>('effect');
/** `spawnChild(({ context }) => ({ address, input }))`, or a list of them. */
export const spawnChild = define<SpawnIntent | readonly SpawnIntent[]>('spawnChild');
/** `stopChild(({ context }) => address)`, or a list of them. */
export const stopChild = define<string | readonly string[]>('stopChild');
/** `reply(({ context }) => value)`: answers the `ask` that brought the current event. Without an asker it does nothing. */
export const reply = define<unknown>('reply');

/** What an executable action of `transition()` asks of the runtime; undefined for an action of the machine's own. */
export function intentOf(
  exec: object,
  args: ActionArgs<MachineContext, EventObject, EventObject>,
  params: unknown,
): Intent | undefined {
  const found = INTENTS.get(exec);
  if (found === undefined) return undefined;
  return { kind: found.kind, value: found.resolve(args, params) } as Intent; // kind and value come from the same define()
}
