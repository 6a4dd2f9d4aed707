import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import type { JournalEntry } from '#actors';
import { fuzzSeed, type SeedOutcome } from '../fuzz/fuzz-seed.ts';
import { journalsOf } from '../run/journals.ts';
import { type Build, type PlayOptions, play } from '../run/play.ts';
import { playChecked } from '../run/play-checked.ts';
import type { Played, PlayTask, SchedulePlay } from './play-task.ts';
import { Progress } from './progress.ts';

/** Makes this thread one that plays what it is sent, one task after the other, and shares how far it has come. */
export function servePlays(build: Build): void {
  const port = parentPort;
  if (port === null) throw new Error('to be started as a thread that plays');
  const { progress: shared } = z.object({ progress: z.instanceof(SharedArrayBuffer) }).parse(workerData);
  const progress = new Progress(shared);
  // One that fails is nobody's to catch: it ends the thread, and whoever started it hears of that.
  const answer = async (task: PlayTask) => port.postMessage(await perform(task, build, progress));
  port.on('message', (task: PlayTask) => void answer(task)); // the thread that started this one sends nothing else
  progress.step();
}

async function perform(task: PlayTask, build: Build, progress: Progress): Promise<SeedOutcome | Played> {
  progress.step();
  if (task.kind === 'seed') return await fuzzSeed(task.seed, task.shape, build, progress);
  return await playTask(task, build, progress);
}

async function playTask(task: SchedulePlay, build: Build, progress: Progress): Promise<Played> {
  const { scenario, faults, healedAt } = task.schedule;
  let journals: readonly JournalEntry[] = [];
  const options: PlayOptions = {
    ...{ build, faults, progress },
    ...(task.seed === undefined ? {} : { seed: task.seed }),
    ...(healedAt === undefined ? {} : { healedAt }),
    ...(task.endsBeforeMs === undefined ? {} : { endsBeforeMs: task.endsBeforeMs }),
    atEnd: async (world) => {
      if (task.journals === true) journals = await journalsOf(world);
    },
  };
  const result = await (task.endsBeforeMs === undefined ? playChecked : play)(scenario, options);
  return { result, journals };
}
