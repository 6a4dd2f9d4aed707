import {
  PlayingThread,
  parseScenario,
  playWatched,
  readScenarioFile,
  refuseWhatIsNotBuilt,
  type Scenario,
  ScenarioInvalid,
  ScenarioNotBuilt,
  type ScenarioResult,
} from '../simulation/mod.ts';

/** `sim check FILE...` */
export async function checkCommand(files: string[]): Promise<void> {
  await readAll(files);
}

interface RunFlags {
  readonly json: boolean;
  readonly seed?: number;
  readonly stuckAfter: number;
}

/** `sim run FILE...`: all files are read before the first is played. */
export async function runCommand(files: string[], flags: RunFlags): Promise<void> {
  const scenarios = await readAll(files);
  if (scenarios === undefined) return;
  const thread = new PlayingThread({ stuckAfterMs: flags.stuckAfter * 1000 });
  try {
    for (const scenario of scenarios) await playOne(thread, scenario, flags);
  } finally {
    await thread.close();
  }
}

async function playOne(thread: PlayingThread, scenario: Scenario, { json, seed }: RunFlags): Promise<void> {
  const schedule = { scenario, faults: [], healedAt: undefined };
  const played = await playWatched(thread, { schedule, ...(seed === undefined ? {} : { seed }) });
  if (played === undefined) return;
  const { result } = played;
  console.log(json ? JSON.stringify(result) : inWords(result));
  if (!result.ok) process.exitCode = 1;
}

/** Undefined when one cannot be played: said on standard error, exit status set to 2 (wrong) or 3 (not built). */
async function readAll(files: readonly string[]): Promise<Scenario[] | undefined> {
  const scenarios: Scenario[] = [];
  let status = 0;
  for (const file of files) {
    try {
      const scenario = parseScenario(await readScenarioFile(file), file);
      refuseWhatIsNotBuilt(scenario, file);
      scenarios.push(scenario);
    } catch (error) {
      if (error instanceof ScenarioNotBuilt) status = Math.max(status, status === 2 ? 2 : 3);
      else if (error instanceof ScenarioInvalid) status = 2;
      else throw error;
      console.error(error.message);
    }
  }
  if (status === 0) return scenarios;
  process.exitCode = status;
  return undefined;
}

/** For people: where every VM ended, what was recovered how fast, what broke. */
function inWords(result: ScenarioResult): string {
  const lines = [
    `${result.ok ? 'ok' : 'FAILED'}  ${result.name} (seed ${result.seed}, ${result.simulatedSeconds} s in ${result.wallSeconds.toFixed(2)} s)`,
  ];
  for (const { vm, from, to, seconds } of result.recoveries) lines.push(`  ${vm}: ${from} -> ${to} in ${seconds} s`);
  for (const unmet of result.unmet) lines.push(`  unmet: ${unmet}`);
  for (const { at, invariant, why } of result.violations) lines.push(`  VIOLATION at ${at} s: ${invariant}: ${why}`);
  return lines.join('\n');
}
