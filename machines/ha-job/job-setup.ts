import { setup } from 'xstate';
import { promiseActor } from '#actors';
import type { DownEvidence } from '../evidence.ts';
import type { Expect, JobContext } from './context.ts';
import type { CommandResult, JobEvent, JobInput, MoveLeaseResult } from './events.ts';

/** Between two tries at what the database or a node did not answer. */
export const RETRY_MS = 1000;

/** What the states of a job's chart are written with: its events and effects. */
export const jobSetup = setup({
  types: { context: {} as JobContext, input: {} as JobInput, events: {} as JobEvent },
  actors: {
    /** Tells the target that a suspended copy will come for that epoch. */
    expectOn: promiseActor<CommandResult, Expect & { readonly attempt: string }>(),
    /** Has the source migrate its copy and give its lease sector back. */
    migrateFrom: promiseActor<CommandResult, Expect & { readonly to: string }>(),
    /** Whether that node gave the VM's lease sector of that epoch back: the copy arrived, and is off there. */
    isReleased: promiseActor<boolean, Expect>(),
    /** Compare-and-set on the VM's document; the same move twice succeeds twice. */
    moveLease: promiseActor<
      MoveLeaseResult,
      {
        readonly vm: string;
        readonly expectedEpoch: number;
        readonly node: string;
        readonly home: string | null;
        /** A user's start: recorded as running from now on. Any other start of a stopped VM is refused (T7b). */
        readonly byUser: boolean;
      }
    >(),
    /** Whether the VM's lease sector is held by that node. */
    hasSector: promiseActor<boolean, { readonly vm: string; readonly node: string }>(),
    startOn: promiseActor<
      CommandResult,
      {
        readonly node: string;
        readonly vm: string;
        readonly epoch: number;
        readonly evidence: readonly DownEvidence[];
        readonly evenIfStopped: boolean;
        /** This job: a copy that came by migration is good only for the one that had it sent. */
        readonly attempt: string;
      }
    >(),
  },
});
