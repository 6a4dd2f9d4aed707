import { Worker } from 'node:worker_threads';

/** Nearly all that a run allocates is dead at once: with more room the collector finds less to copy. */
const YOUNG_MIB = 192;

/**
 * Runs a script on a core of its own and passes on each message of it. Resolves when it ended, or when `signal` ended it:
 * at once, whatever it was doing.
 */
export async function runWorker<Message>(
  script: string,
  workerData: unknown,
  onMessage: (message: Message) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted === true) return;
  const worker = new Worker(script, { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB } });
  const end = () => void worker.terminate();
  signal?.addEventListener('abort', end);
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('message', onMessage);
      worker.on('error', reject);
      worker.on('exit', (code) => {
        if (code === 0 || signal?.aborted === true) resolve();
        else reject(new Error(`a worker ended with ${code}`));
      });
    });
  } finally {
    signal?.removeEventListener('abort', end);
  }
}
