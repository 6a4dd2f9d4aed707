import type { AnyActorLogic } from 'xstate';

type PromiseWork = (args: { input: unknown; signal: AbortSignal }) => PromiseLike<unknown>;

/**
 * The work of `fromPromise` logic, undefined for any other logic. XState gives no way to ask, so we look at what it
 * does with a resolution: promise logic alone is done then.
 */
export function promiseWork(logic: AnyActorLogic): PromiseWork | undefined {
  const work: unknown = Reflect.get(logic, 'config');
  if (typeof work !== 'function') return undefined;
  const active = { status: 'active', output: undefined, error: undefined, input: undefined };
  try {
    const after: unknown = logic.transition(active, { type: 'xstate.promise.resolve', data: null }, SCOPE);
    const done = typeof after === 'object' && after !== null && Reflect.get(after, 'status') === 'done';
    return done ? (work as PromiseWork) : undefined; // fromPromise keeps its creator in `config`
  } catch {
    return undefined; // callback logic looks into its scope
  }
}

// Promise logic looks at no part of its scope in a transition.
const SCOPE = {} as Parameters<AnyActorLogic['transition']>[2];
