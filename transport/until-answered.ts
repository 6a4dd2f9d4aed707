import { RetryableError } from '#actors';
import { transportError } from './errors.ts';

const PAUSE_MS = 100;

/**
 * Repeats a read that changes nothing while the servers do not answer it. After the death of a server the stream's new
 * leader may take writes while the cluster still elects the one who creates consumers, so one unanswered request does
 * not mean that the next one stays unanswered. Throws the last `RetryableError` once `deadlineMs` (milliseconds from the
 * call) is over or `closed` turns true; terminal errors at once.
 */
export async function untilAnswered<Result>(
  deadlineMs: number,
  closed: () => boolean,
  read: () => Promise<Result>,
): Promise<Result> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const known = transportError(error);
      if (!(known instanceof RetryableError) || closed() || performance.now() + PAUSE_MS >= endMs) throw known;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
