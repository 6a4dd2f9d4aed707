import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FuzzShape,
  failureOf,
  GOES_ON,
  PlayingThread,
  parseSchedule,
  playWatched,
  randomSchedule,
  readScenarioFile,
  type Schedule,
  type TimelineEntry,
} from '../simulation/mod.ts';
import { openExportFolder } from './export-folder.ts';
import { LAST_SEED } from './option-values.ts';
import { UserMistake } from './user-mistake.ts';

interface ReplayFlags extends FuzzShape {
  readonly explain: boolean;
  readonly export?: string;
  readonly stuckAfter: number;
}

/** `sim replay SEED|FILE`: the timeline on standard output; exit status 1 when it fails, 2 when the file is wrong. */
export async function replayCommand(what: string, flags: ReplayFlags): Promise<void> {
  const schedule = await scheduleOf(what, flags);
  if (flags.export !== undefined) await openExportFolder(flags.export);
  const thread = new PlayingThread({ stuckAfterMs: flags.stuckAfter * 1000 });
  const played = await playWatched(thread, { schedule, journals: flags.export !== undefined });
  await thread.close();
  if (played === undefined) return;
  const { result, journals } = played;
  for (const entry of result.timeline) console.log(line(entry, flags.explain));
  const failure = failureOf(result);
  console.log(failure === undefined ? `ok ${result.hash}` : `FAILED ${failure}\n${result.hash}`);
  for (const { at, invariant, why } of result.violations)
    if (invariant === GOES_ON) console.error(`VIOLATION at ${at} s: ${invariant}: ${why}`);
  if (failure !== undefined) process.exitCode = 1;
  if (flags.export === undefined) return;
  const files = { 'schedule.json': schedule, 'result.json': { ...result, wallSeconds: 0 }, 'journals.json': journals };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(flags.export, name), `${JSON.stringify(content, undefined, 1)}\n`);
  }
}

/** A number is a seed, anything else a file. Throws `UserMistake` or `ScenarioInvalid` when it cannot be played. */
async function scheduleOf(what: string, shape: FuzzShape): Promise<Schedule> {
  if (/^\d{1,9}$/.test(what)) return randomSchedule(Number(what), shape);
  if (what.trim() === '' || Number.isFinite(Number(what))) {
    throw new UserMistake(
      `'${what}' is no seed; allowed: whole numbers from 0 to ${LAST_SEED}, or a file with a schedule`,
    );
  }
  return parseSchedule(await readScenarioFile(what), what);
}

function line({ at, what, vm, node, from, why }: TimelineEntry, explain: boolean): string {
  const who = [vm, from === undefined ? undefined : `from ${from}`, node === undefined ? undefined : `on ${node}`];
  const head = `${at.toFixed(3).padStart(10)}  ${what.padEnd(16)} ${who.filter((part) => part !== undefined).join(' ')}`;
  return explain ? `${head}\n${' '.repeat(12)}because: ${why}` : head;
}
