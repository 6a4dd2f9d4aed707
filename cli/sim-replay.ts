import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkSchedule,
  type FuzzShape,
  failureOf,
  journalsOf,
  playChecked,
  productionBuild,
  randomSchedule,
  readScenarioFile,
  ScenarioInvalid,
  type Schedule,
  type TimelineEntry,
  withoutRealTime,
} from '../simulation/mod.ts';

interface ReplayFlags extends FuzzShape {
  readonly explain: boolean;
  readonly export?: string;
}

/** `sim replay SEED|FILE`: the timeline on standard output; exit status 1 when it fails, 2 when the file is wrong. */
export async function replayCommand(what: string, flags: ReplayFlags): Promise<void> {
  const schedule = await scheduleOf(what, flags);
  if (schedule === undefined) return;
  const { scenario, faults, healedAt } = schedule;
  let journals: Awaited<ReturnType<typeof journalsOf>> = [];
  const result = await withoutRealTime(() =>
    playChecked(scenario, {
      build: productionBuild,
      faults,
      ...(healedAt === undefined ? {} : { healedAt }),
      atEnd: async (world) => {
        if (flags.export !== undefined) journals = await journalsOf(world);
      },
    }),
  );
  for (const entry of result.timeline) console.log(line(entry, flags.explain));
  const failure = failureOf(result);
  console.log(failure === undefined ? `ok ${result.hash}` : `FAILED ${failure}\n${result.hash}`);
  if (failure !== undefined) process.exitCode = 1;
  if (flags.export === undefined) return;
  await mkdir(flags.export, { recursive: true });
  const files = { 'schedule.json': schedule, 'result.json': { ...result, wallSeconds: 0 }, 'journals.json': journals };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(flags.export, name), `${JSON.stringify(content, undefined, 1)}\n`);
  }
}

/** A whole number is a seed, anything else a file. Undefined, with exit status 2, when it cannot be played. */
async function scheduleOf(what: string, shape: FuzzShape): Promise<Schedule | undefined> {
  if (/^\d{1,9}$/.test(what)) return randomSchedule(Number(what), shape);
  try {
    return checkSchedule(JSON.parse(await readScenarioFile(what)), what);
  } catch (error) {
    const isWrong = error instanceof ScenarioInvalid || error instanceof SyntaxError;
    if (!isWrong) throw error;
    console.error(error instanceof SyntaxError ? `${what}: not JSON: ${error.message}` : error.message);
    process.exitCode = 2;
    return undefined;
  }
}

function line({ at, what, vm, node, from, why }: TimelineEntry, explain: boolean): string {
  const who = [vm, from === undefined ? undefined : `from ${from}`, node === undefined ? undefined : `on ${node}`];
  const head = `${at.toFixed(3).padStart(10)}  ${what.padEnd(16)} ${who.filter((part) => part !== undefined).join(' ')}`;
  return explain ? `${head}\n${' '.repeat(12)}because: ${why}` : head;
}
