import { StorageUnavailable } from '#ports';
import type { LockMode } from './byte-range-lock.ts';
import { Call, type CallLimits } from './call.ts';
import type { SectorFile } from './sector-file.ts';

const LONGEST_RETRY_MS = 8;

/**
 * An open file with the calls that take turns on it, so that at most one system call of it is under way: a hung file
 * system holds one worker thread a lane, and no lock is held by two calls as one holder. A call past its deadline has
 * failed for its caller, but the lane stays taken, and the lock held, until the system call came back: a late write is
 * never overtaken by a newer one of this lane.
 */
export class SectorLane {
  readonly file: SectorFile;
  readonly #limits: CallLimits;
  readonly #waiting: (() => void)[] = [];
  #busy = false;
  #closed = false;

  constructor(file: SectorFile, limits: CallLimits) {
    this.file = file;
    this.#limits = limits;
  }

  /** Throws `StorageUnavailable` at the deadline. A call that had to wait until then was never begun. */
  run<T>(what: string, work: (call: Call) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new StorageUnavailable(`${this.file.path} is closed`));
    const call = new Call(what, this.#limits);
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#busy = true;
        call
          .linked()
          .then(() => work(call))
          .then(resolve, reject)
          .finally(() => {
            timer.cancel();
            this.#busy = false;
            this.#waiting.shift()?.();
          });
      };
      const timer = this.#limits.clock.after(this.#limits.deadlineMs, () => {
        const place = this.#waiting.indexOf(start);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(call.lateError());
      });
      if (this.#busy) this.#waiting.push(start);
      else start();
    });
  }

  /** Runs `body` under the lock. Tries again and again rather than waiting in the kernel, which would hold a thread. */
  async locked<T>(call: Call, mode: LockMode, first: number, count: number, body: () => Promise<T>): Promise<T> {
    let retryMs = 1;
    while (!(await this.file.tryLock(mode, first, count))) {
      await call.pause(retryMs);
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
    }
    try {
      return await body();
    } finally {
      await this.file.unlock(first, count);
    }
  }

  /**
   * Takes no more calls; the file closes after the last one came back. Throws `StorageUnavailable` when that takes longer
   * than the deadline: a descriptor in use may not be closed, its number could come to mean another file.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#busy) return await this.file.close();
    await new Promise<void>((resolve, reject) => {
      const timer = this.#limits.clock.after(this.#limits.deadlineMs, () =>
        reject(new StorageUnavailable(`${this.file.path}: a call is stuck, the file closes when it comes back`)),
      );
      this.#waiting.push(() => {
        timer.cancel();
        this.file.close().then(resolve, reject);
      });
    });
  }
}
