import type { Address } from './transport.ts';

/** Something a human should know. Never thrown: given to `onAlert`. */
export interface Alert {
  readonly code:
    | 'TRANSPORT_UNAVAILABLE'
    | 'MAILBOX_FULL'
    | 'ACTOR_PARKED'
    | 'ACTOR_ENDED'
    | 'STEP_FAILED'
    /** Its journal is of another machine version, or damaged. */
    | 'ACTOR_UNREADABLE'
    /** Another process uses this host's name. */
    | 'HOST_NAME_TAKEN'
    /** An effect goes on long after its abort. */
    | 'EFFECT_STUCK'
    | 'MESSAGE_REFUSED'
    /** Messages wait for an earlier one of their sender, for long: the mailbox is read again. */
    | 'SEQUENCE_GAP'
    | 'LISTENER_FAILED'
    /** What was taken from mailboxes stays stored: in time the actor named, or all, are handed nothing more. */
    | 'REMOVAL_FAILS'
    /** What held all journals and mailboxes was removed and made anew: everything before is lost. */
    | 'STORE_REPLACED';
  readonly text: string;
  readonly address?: Address;
}
