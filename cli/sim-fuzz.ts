import {
  type FuzzShape,
  fuzz,
  productionBuild,
  randomSchedule,
  type SeedOutcome,
  shrinkFailure,
  withoutRealTime,
} from '../simulation/mod.ts';

interface FuzzFlags extends FuzzShape {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  readonly json: boolean;
  readonly shrink: boolean;
}

/** `sim fuzz`: progress on standard error, failing seeds and the summary on standard output. */
export async function fuzzCommand(flags: FuzzFlags): Promise<void> {
  const shape: FuzzShape = { nodes: flags.nodes, vms: flags.vms, hours: flags.hours };
  let failed = 0;
  const began = performance.now();
  const outcomes = await fuzz({
    seeds: flags.seeds,
    from: flags.from,
    workers: Math.min(flags.workers, flags.seeds),
    shape,
    onOutcome: (outcome, done) => {
      if (outcome.failure !== undefined) failed += 1;
      if (process.stderr.isTTY)
        process.stderr.write(`\r${bar(done, flags.seeds)} ${done}/${flags.seeds} failed ${failed} `);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const failures = outcomes.filter((outcome) => outcome.failure !== undefined);
  for (const { seed, failure } of failures) {
    console.log(flags.json ? JSON.stringify({ seed, failure }) : `seed ${seed}: ${failure}`);
  }
  const [first] = failures;
  if (first !== undefined) {
    process.exitCode = 1;
    if (flags.shrink) {
      const small = await withoutRealTime(() => shrinkFailure(randomSchedule(first.seed, shape), productionBuild));
      console.log(
        flags.json
          ? JSON.stringify({ smallest: small })
          : `smallest schedule of seed ${first.seed}:\n${JSON.stringify(small)}`,
      );
    }
  }
  const summary = summarise(outcomes, failures.length, (performance.now() - began) / 1000);
  console.log(flags.json ? JSON.stringify(summary) : inWords(summary));
}

function summarise(outcomes: readonly SeedOutcome[], failed: number, wallSeconds: number) {
  const simulatedSeconds = outcomes.reduce((sum, outcome) => sum + outcome.simulatedSeconds, 0);
  const recoveries = outcomes.reduce((sum, outcome) => sum + outcome.recoveries, 0);
  return { seeds: outcomes.length, failed, recoveries, simulatedSeconds, wallSeconds };
}

function inWords({ seeds, failed, recoveries, simulatedSeconds, wallSeconds }: ReturnType<typeof summarise>): string {
  const speed = Math.round(simulatedSeconds / wallSeconds);
  return `${seeds} seeds, ${failed} failed, ${recoveries} recoveries, ${Math.round(simulatedSeconds / 3600)} simulated hours in ${wallSeconds.toFixed(1)} s (${speed} times real time)`;
}

function bar(done: number, all: number): string {
  const full = Math.round((done / all) * 20);
  return `[${'#'.repeat(full)}${'.'.repeat(20 - full)}]`;
}
