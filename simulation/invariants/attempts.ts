import { recordOf, type Watch, type Watcher } from './watcher.ts';

/** B5, written down here a second time on purpose: what the product must do, not what it says it does. */
const MAX_ATTEMPTS = 13;
export const WAITS_SECONDS = [...Array(5).fill(10), ...Array(5).fill(60), ...Array(3).fill(100)] as readonly number[];
/** Clocks of hosts run at most that much faster. */
const RATE = 0.9;

interface Waiting {
  readonly attempt: number;
  readonly sinceSeconds: number;
}

/**
 * B5: at most 13 attempts, and the wait after each as the row says, unless capacity appeared. Counted from the step in which the
 * attempt said that it failed: the VM's own step that begins the wait may be seconds on its way to the journal.
 */
export function attemptsAndWaits({ nowSeconds, violate }: Watch): Watcher {
  const waiting = new Map<string, Waiting>();
  /** When the last attempt of each failed. */
  const failed = new Map<string, number>();
  const broken = (why: string) => violate('B5: attempts and waits', why);
  return {
    committed: (entry) => {
      if (entry.address.startsWith('job/')) {
        for (const { to, type } of recordOf(entry).tells) if (type === 'jobFailed') failed.set(to, nowSeconds());
      }
      if (!entry.address.startsWith('vm/')) return;
      const { address, snapshot, cause } = recordOf(entry);
      const attempt = Number(snapshot.context.attempt ?? 0);
      const before = waiting.get(address);
      if (attempt > MAX_ATTEMPTS) broken(`${address} is at attempt ${attempt}`);
      if (isWaiting(snapshot.value)) {
        const sinceSeconds = failed.get(address) ?? nowSeconds();
        if (before?.attempt !== attempt) waiting.set(address, { attempt, sinceSeconds });
        return;
      }
      waiting.delete(address);
      failed.delete(address);
      if (before === undefined || cause.kind !== 'timer') return;
      const waited = nowSeconds() - before.sinceSeconds;
      const wanted = WAITS_SECONDS[before.attempt - 1];
      if (wanted !== undefined && waited < wanted * RATE) {
        broken(`${address} waited ${waited.toFixed(1)} s after attempt ${before.attempt}, not ${wanted} s`);
      }
    },
  };
}

function isWaiting(value: unknown): boolean {
  return value === 'waiting' || (typeof value === 'object' && value !== null && 'waiting' in value);
}
