import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { withoutRealTime } from '../run/no-real-time.ts';
import { productionBuild } from '../run/production.ts';
import { shrinkFailure } from './fuzz-seed.ts';
import { shapeSchema } from './random-cluster.ts';
import { randomSchedule } from './random-schedule.ts';

const { seed, shape, budget } = z
  .object({ seed: z.number(), shape: shapeSchema, budget: z.number() })
  .parse(workerData);

const schedule = randomSchedule(seed, shape);
parentPort?.postMessage(await withoutRealTime(() => shrinkFailure(schedule, productionBuild, budget)));
