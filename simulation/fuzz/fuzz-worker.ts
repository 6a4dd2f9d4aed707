import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { withoutRealTime } from '../run/no-real-time.ts';
import { productionBuild } from '../run/production.ts';
import { fuzzSeed } from './fuzz-seed.ts';
import { shapeSchema } from './random-cluster.ts';

const task = z.object({ from: z.number(), until: z.number(), step: z.number(), shape: shapeSchema }).parse(workerData);

for (let seed = task.from; seed < task.until; seed += task.step) {
  const outcome = await withoutRealTime(() => fuzzSeed(seed, task.shape, productionBuild));
  parentPort?.postMessage(outcome);
}
