import type { StepRecord } from './envelope.ts';

/**
 * Why a message from outside is not taken now, by its receiver's last step: it is parked. Undefined when that is no reason:
 * the receiver goes on, or took it before. Of a long mailbox the parked actor itself hears only the first few messages.
 */
export function waitsForRelease(last: StepRecord | undefined, messageId: string): string | undefined {
  if (last?.status !== 'parked' || last.recent.includes(messageId)) return undefined;
  return `parked: ${last.address} is parked: ${last.parked?.reason} (the event waits in the mailbox)`;
}
