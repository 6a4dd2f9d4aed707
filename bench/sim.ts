import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { parseArgs, promisify } from 'node:util';
import { DEFAULT_SHAPE, fuzz, optimizeLate } from '../simulation/mod.ts';
import { type ClusterSize, type Measured, measure } from './sim/measure.ts';

/**
 * How fast the simulator is: `npm run bench:sim -- [--json FILE] [--seeds N] [--sizes 5:50:3600,...] [--rounds N]`.
 * Sizes are nodes:VMs:simulated seconds. Each is played in a process of its own, so that peak memory is its own; "warm" is the same once more in that
 * process: what a run costs among many, as in `sim fuzz`.
 */
const SIZES = '5:50:3600,5:50:14400,3:30:1800,10:100:1800,30:300:600,100:1000:300,100:2000:300';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    seeds: { type: 'string', default: '200' },
    sizes: { type: 'string', default: SIZES },
    rounds: { type: 'string', default: '3' },
    one: { type: 'string' },
  },
});

function sizeOf(text: string): ClusterSize {
  const [nodes = 5, vms = 50, seconds = 60] = text.split(':').map(Number);
  return { nodes, vms, seconds };
}

/** A round: in a fresh process, and once more in the same, whose code is compiled by then. */
interface Round extends Measured {
  /** Undefined for what takes so long that compiling makes no difference. */
  readonly warm: Measured | undefined;
}

const COMPILING_MATTERS_SECONDS = 5;

async function round(size: ClusterSize): Promise<Round> {
  const cold = await measure(size);
  return { ...cold, warm: cold.cpuSeconds < COMPILING_MATTERS_SECONDS ? await measure(size) : undefined };
}

/** The round in the middle by CPU time. */
async function median(size: string, rounds: number): Promise<Round> {
  const all: Round[] = [];
  while (all.length < rounds) {
    const argv = [import.meta.filename, '--one', size];
    const { stdout } = await promisify(execFile)(process.execPath, argv);
    all.push(JSON.parse(stdout) as Round); // what this file prints below
  }
  const sorted = all.sort((a, b) => a.cpuSeconds - b.cpuSeconds);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError('no rounds');
  return middle;
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell) => String(cell).padStart(10)).join(' ');
}

async function sizes(): Promise<readonly Round[]> {
  const head = [
    'nodes',
    'VMs',
    'simulated',
    'CPU s',
    'x (CPU)',
    'x (warm)',
    'wall s',
    'x (wall)',
    'us CPU/s',
    'per N2+V',
    'MiB',
  ];
  console.log(row(head));
  const found: Round[] = [];
  for (const size of values.sizes.split(',')) {
    const measured = await median(size, Number(values.rounds));
    found.push(measured);
    const { nodes, vms, seconds, cpuSeconds, wallSeconds, peakMiB, warm } = measured;
    const perSecond = (cpuSeconds / seconds) * 1e6;
    const cells = [nodes, vms, `${seconds} s`, cpuSeconds.toFixed(2), Math.round(seconds / cpuSeconds)];
    const again = warm === undefined ? '-' : Math.round(seconds / warm.cpuSeconds);
    const rest = [again, wallSeconds.toFixed(2), Math.round(seconds / wallSeconds), Math.round(perSecond)];
    console.log(row([...cells, ...rest, (perSecond / (nodes * nodes + vms)).toFixed(2), peakMiB]));
  }
  return found;
}

async function seeds(count: number) {
  const workers = Math.min(2, availableParallelism());
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const outcomes = await fuzz({ seeds: count, from: 1, workers, shape: DEFAULT_SHAPE, onOutcome: () => {} });
  const wallSeconds = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const failures = outcomes.filter(({ failure }) => failure !== undefined).length;
  const simulatedSeconds = outcomes.reduce((sum, outcome) => sum + outcome.simulatedSeconds, 0);
  const scaled = 2000 / count;
  console.log(
    `${count} random seeds, ${Math.round(simulatedSeconds / count)} simulated s each, ${workers} workers: ` +
      `${wallSeconds.toFixed(1)} s wall, ${cpuSeconds.toFixed(1)} s CPU, ${failures} failed; ` +
      `2,000 would take ${((wallSeconds * scaled) / 60).toFixed(1)} min wall, ${((cpuSeconds * scaled) / 120).toFixed(1)} min on two free cores`,
  );
  return { count, workers, wallSeconds, cpuSeconds, simulatedSeconds, failures };
}

optimizeLate();
if (values.one !== undefined) console.log(JSON.stringify(await round(sizeOf(values.one))));
else {
  const figures = { sizes: await sizes(), seeds: await seeds(Number(values.seeds)) };
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}
