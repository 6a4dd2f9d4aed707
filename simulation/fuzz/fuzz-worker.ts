import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { withoutRealTime } from '../run/no-real-time.ts';
import { productionBuild } from '../run/production.ts';
import { fuzzSeed } from './fuzz-seed.ts';

const range = z.tuple([z.number(), z.number()]);
const task = z
  .object({
    from: z.number(),
    until: z.number(),
    step: z.number(),
    shape: z.object({ nodes: range, vms: range, hours: z.number() }),
  })
  .parse(workerData);

for (let seed = task.from; seed < task.until; seed += task.step) {
  const outcome = await withoutRealTime(() => fuzzSeed(seed, task.shape, productionBuild));
  parentPort?.postMessage(outcome);
}
