import { join } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';
import { beforeEach, expect } from 'vitest';

/**
 * Vitest ends no test that never returns to the event loop, and waits for it for ever. So another thread looks whether this one
 * gets there, and otherwise says which test stands where, and ends the process.
 */
const STUCK_AFTER_S = Number(process.env.UNDERSTUDY_TEST_STUCK_AFTER_S ?? 120);
/** Much more often than it is looked at. */
const BEAT_MS = 200;
/** For the name of a test, after the four bytes that count. */
const NAME_BYTES = 2000;

if (isMainThread) {
  const shared = new SharedArrayBuffer(4 + NAME_BYTES);
  const beats = new Int32Array(shared, 0, 1);
  const name = new Uint8Array(shared, 4);
  const workerData = { shared, stuckAfterMs: STUCK_AFTER_S * 1000 };
  const watch = new Worker(join(import.meta.dirname, 'test-watch.ts'), { workerData });
  watch.unref();
  setInterval(() => void Atomics.add(beats, 0, 1), BEAT_MS).unref();
  beforeEach(() => {
    const { testPath = '', currentTestName = '' } = expect.getState();
    name.fill(0);
    new TextEncoder().encodeInto(`${testPath}: ${currentTestName}`, name);
  });
}
