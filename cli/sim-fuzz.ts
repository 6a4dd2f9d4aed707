import { type FuzzShape, fuzz } from '../simulation/mod.ts';
import { inWords, summarise } from './fuzz-summary.ts';
import { readKnownFailures, whyKnown } from './known-failures.ts';
import { LAST_SEED } from './option-values.ts';
import { printSmallest } from './smallest-schedules.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import { UserMistake } from './user-mistake.ts';

interface FuzzFlags extends FuzzShape {
  readonly seeds: number;
  readonly from: number;
  readonly workers: number;
  readonly json: boolean;
  readonly shrink: boolean;
  readonly stuckAfter: number;
  /** A list of seeds that are known to fail. */
  readonly known?: string;
}

/**
 * `sim fuzz`: progress on standard error; on standard output each failing seed as soon as it is known, then the summary, also
 * of what was played when it is interrupted.
 */
export async function fuzzCommand(flags: FuzzFlags): Promise<void> {
  const shape: FuzzShape = { nodes: flags.nodes, vms: flags.vms, hours: flags.hours };
  if (flags.from + flags.seeds - 1 > LAST_SEED) {
    throw new UserMistake(
      `--from ${flags.from} --seeds ${flags.seeds}: too far; allowed: seeds from 0 to ${LAST_SEED}`,
    );
  }
  const list = flags.known === undefined ? {} : await readKnownFailures(flags.known);
  const signal = stopOnSignal();
  if (!process.stderr.isTTY) console.error(`plays ${flags.seeds} seeds from ${flags.from} on`);
  let failed = 0;
  const began = performance.now();
  const outcomes = await fuzz({
    seeds: flags.seeds,
    from: flags.from,
    workers: Math.min(flags.workers, flags.seeds),
    shape,
    signal,
    stuckAfterMs: flags.stuckAfter * 1000,
    onOutcome: ({ seed, failure, where }, done) => {
      if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
      const known = failure === undefined ? undefined : whyKnown(list, seed, failure);
      if (known !== undefined) {
        const line = `KNOWN to fail, not mended yet: seed ${seed}: ${failure} (${known})`;
        console.log(flags.json ? JSON.stringify({ seed, failure, known }) : line);
      }
      if (failure !== undefined && known === undefined) {
        failed += 1;
        const at = where === undefined ? '' : `\n${where}`;
        console.log(flags.json ? JSON.stringify({ seed, failure, where }) : `seed ${seed}: ${failure}${at}`);
      }
      const progress = `${done}/${flags.seeds} failed ${failed}`;
      if (process.stderr.isTTY) process.stderr.write(`${bar(done, flags.seeds)} ${progress} `);
      else if (done % SEEDS_A_LINE === 0 && done < flags.seeds) console.error(progress);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  for (const { seed, failure } of outcomes) {
    if (failure === undefined && list[String(seed)] !== undefined)
      console.error(`seed ${seed} is on the list of known failures and no longer fails: take it out of ${flags.known}`);
  }
  const news = outcomes.filter(
    ({ seed, failure }) => failure !== undefined && whyKnown(list, seed, failure) === undefined,
  );
  if (signal.aborted) process.exitCode = INTERRUPTED;
  if (news.length > 0) process.exitCode = 1;
  if (flags.shrink)
    await printSmallest(news, {
      ...{ shape, json: flags.json, signal, stuckAfterMs: flags.stuckAfter * 1000 },
    });
  const summary = summarise(outcomes, failed, (performance.now() - began) / 1000);
  console.log(flags.json ? JSON.stringify(summary) : inWords(summary));
}

/** Between two lines of progress where no bar can be drawn. */
const SEEDS_A_LINE = 100;

/** Exit status of a run that was stopped before its last seed, none of which failed. */
const INTERRUPTED = 130;

/** Back to the first column, and nothing left of the bar. */
const CLEAR_LINE = '\r\u001b[K';

function bar(done: number, all: number): string {
  const full = Math.round((done / all) * 20);
  return `[${'#'.repeat(full)}${'.'.repeat(20 - full)}]`;
}
