import type { VmId } from '#machines';
import { FailedAttempts, type VmStep } from './failed-attempts.ts';
import { recordOf, type Watch, type Watcher } from './watcher.ts';

/** B5, written down here a second time on purpose: what the product must do, not what it says it does. */
export const MAX_ATTEMPTS = 13;
export const WAITS_SECONDS = [...Array(5).fill(10), ...Array(5).fill(60), ...Array(3).fill(100)] as readonly number[];
/** Clocks of hosts run at most that much faster, or slower. */
export const RATE = 0.9;

/**
 * B5: 13 attempts, no more and, unless it comes to run, no fewer; and the wait after each as the row says, unless capacity
 * appeared. Attempts are counted from outside, by the jobs that failed, and waits from the step in which one said so: the VM's
 * own step that begins the wait may be seconds on its way to the journal.
 */
export function attemptsAndWaits({ nowSeconds, violate }: Watch): Watcher {
  const attempts = new FailedAttempts();
  const waitingSince = new Map<VmId, number>();
  /** When the last attempt of each VM's actor failed. */
  const failed = new Map<string, number>();
  const broken = (why: string) => violate('B5: attempts and waits', why);

  function look(step: VmStep): void {
    const { vm, before, state, cause, least, most, hasFailed } = step;
    if (least > MAX_ATTEMPTS) broken(`${vm} was tried ${least} times in vain`);
    if (state === 'failed' && before !== 'failed' && most < MAX_ATTEMPTS)
      broken(`${vm} was given up after ${most} attempts, not ${MAX_ATTEMPTS}`);
    // An attempt during which room appeared is followed by the next at once.
    const hasRoom = step.isToldOfRoom && least < MAX_ATTEMPTS;
    if (hasFailed && state === 'recovering' && !hasRoom)
      broken(`${vm} was tried again without a wait after attempt ${least}`);
    if (before !== 'waiting' || state === 'waiting') return;
    if (state === 'recovering' && cause !== 'timer' && !hasRoom)
      broken(`${vm} was tried again by ${cause} after attempt ${least}`);
    if (cause === 'timer') waited(step);
  }

  function waited({ vm, least }: VmStep): void {
    const seconds = nowSeconds() - (waitingSince.get(vm) ?? 0);
    // None since it ran: nobody can tell which wait that was.
    const wanted = WAITS_SECONDS[Math.min(least, MAX_ATTEMPTS) - 1];
    if (wanted !== undefined && seconds < wanted * RATE)
      broken(`${vm} waited ${seconds.toFixed(1)} s after attempt ${least}, not ${wanted} s`);
  }

  return {
    copyChanged: (_host, copy) => {
      if (copy.state === 'running') attempts.ran(copy.vm);
    },
    committed: (entry) => {
      if (entry.address.startsWith('job/')) {
        for (const { to, type } of recordOf(entry).tells) if (type === 'jobFailed') failed.set(to, nowSeconds());
      }
      const step = attempts.step(entry);
      if (step === undefined) return;
      look(step);
      if (step.state !== 'waiting') failed.delete(entry.address);
      else if (step.before !== 'waiting') waitingSince.set(step.vm, failed.get(entry.address) ?? nowSeconds());
    },
  };
}
