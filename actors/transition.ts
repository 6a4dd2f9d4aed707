import {
  type AnyActorScope,
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createEmptyActor,
  type transition as xstateTransition,
} from 'xstate';
import { UnsupportedAction } from './errors.ts';

export type Action = ReturnType<typeof xstateTransition>[1][number];

/**
 * XState's `transition()`, without building the whole initial actor of the machine each time: here the parent that new
 * children are given is an empty actor. It is new for each step, so names that children register never meet.
 */
export function transition(
  machine: AnyStateMachine,
  snapshot: AnyMachineSnapshot,
  event: AnyEventObject,
): [AnyMachineSnapshot, Action[]] {
  const actions: Action[] = [];
  try {
    return [machine.transition(snapshot, event, scopeThatKeeps(actions)), actions];
  } catch (error) {
    throw unsupported(error) ?? error;
  }
}

/** XState's `initialTransition()`, in the same way: it would enter the initial state twice. */
export function initialTransition(machine: AnyStateMachine, input: unknown): [AnyMachineSnapshot, Action[]] {
  const actions: Action[] = [];
  try {
    return [machine.getInitialSnapshot(scopeThatKeeps(actions), input), actions];
  } catch (error) {
    throw unsupported(error) ?? error;
  }
}

/** XState looks for the receiver of a `sendTo` or `sendParent` itself, and there is none: told as what it is. */
function unsupported(error: unknown): UnsupportedAction | undefined {
  if (!(error instanceof Error) || !error.message.startsWith('Unable to send event to actor')) return undefined;
  const text = `sendTo() and sendParent() reach only actors of the same process: use tell() (${error.message})`;
  return new UnsupportedAction(text, { cause: error });
}

function scopeThatKeeps(actions: Action[]): AnyActorScope {
  const self = createEmptyActor();
  return {
    self,
    defer: nothing,
    id: '',
    logger: nothing,
    sessionId: '',
    stopChild: nothing,
    system: self.system,
    emit: nothing,
    actionExecutor: (action) => {
      actions.push(action as Action); // the very objects that XState's own transition() collects
    },
  };
}

function nothing(): void {}
