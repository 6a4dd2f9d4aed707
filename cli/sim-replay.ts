import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FuzzShape,
  failureOf,
  journalsOf,
  play,
  productionBuild,
  randomSchedule,
  type TimelineEntry,
  withoutRealTime,
} from '../simulation/mod.ts';

interface ReplayFlags extends FuzzShape {
  readonly explain: boolean;
  readonly export?: string;
}

/** `sim replay SEED`: the timeline on standard output; exit status 1 when the seed fails. */
export async function replayCommand(seed: number, flags: ReplayFlags): Promise<void> {
  const schedule = randomSchedule(seed, { nodes: flags.nodes, vms: flags.vms, hours: flags.hours });
  let journals: Awaited<ReturnType<typeof journalsOf>> = [];
  const result = await withoutRealTime(() =>
    play(schedule.scenario, {
      faults: schedule.faults,
      ...(schedule.healedAt === undefined ? {} : { healedAt: schedule.healedAt }),
      build: productionBuild,
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

function line({ at, what, vm, node, from, why }: TimelineEntry, explain: boolean): string {
  const who = [vm, from === undefined ? undefined : `from ${from}`, node === undefined ? undefined : `on ${node}`];
  const head = `${at.toFixed(3).padStart(10)}  ${what.padEnd(16)} ${who.filter((part) => part !== undefined).join(' ')}`;
  return explain ? `${head}\n${' '.repeat(12)}because: ${why}` : head;
}
