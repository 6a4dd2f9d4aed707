import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { busiestNode } from '../lab/demo.ts';
import { cutAndFollow, type Failover } from '../lab/failover.ts';
import { Lab } from '../lab/lab.ts';
import { labFolder, labRoot } from '../lab/lab-folder.ts';
import { defaultPlan } from '../lab/lab-plan.ts';
import { untilCalm } from '../lab/until-calm.ts';

/**
 * From power cut to "VM started elsewhere" on the lab, with its confirming fence: `npm run bench:failover -- [--runs N]
 * [--json FILE]`. Each run cuts the node with the most VMs and boots it again afterwards.
 */
const { values } = parseArgs({
  options: { json: { type: 'string' }, runs: { type: 'string', default: '20' }, quiet: { type: 'boolean' } },
});
/** Guests that have just booted still work. */
const SETTLE_MS = 3000;
const PHASES = ['detectedMs', 'decidedMs', 'plannedMs', 'startedMs', 'bootedMs'] as const;

const plan = defaultPlan();
const say = (line: string) => values.quiet !== true && console.error(`  ${line}`);
const lab = new Lab({ folder: labFolder(`${labRoot()}-bench`), plan, say });
const failovers: Failover[] = [];
process.once('SIGINT', () => void lab.end().finally(() => process.exit(130)));
try {
  await lab.start();
  await lab.startVms();
  for (let run = 1; run <= Number(values.runs); run += 1) {
    await untilCalm(lab, lab.nodes);
    await delay(SETTLE_MS);
    const node = busiestNode(lab.status());
    const found = await cutAndFollow(lab, node);
    failovers.push(...found);
    for (const { vm, from, to, startedMs, detectedMs, decidedMs, plannedMs } of found) {
      const times = [detectedMs, decidedMs, plannedMs, startedMs].map((ms) => (ms / 1000).toFixed(2));
      console.log(
        `run ${String(run).padStart(2)}: ${vm} ${from} -> ${to} detected, decided, planned, started: ${times.join(' ')} s`,
      );
    }
    await lab.powerOn(node);
  }
  const wrong = await lab.checkWitness();
  if (wrong.length > 0) throw new Error(`the guests' own records: ${wrong.join('; ')}`);
} finally {
  await lab.end();
}

const rows = PHASES.map((phase) => ({ phase, ...figures(failovers.map((failover) => failover[phase])) }));
const load = loadavg().map((value) => value.toFixed(1));
console.log(
  `${failovers.length} VMs in ${values.runs} power cuts; ${availableParallelism()} cores, load ${load.join(' ')}`,
);
console.log('seconds after the cut      p50     p99     max');
for (const { phase, p50, p99, max } of rows) {
  const cells = [p50, p99, max].map((ms) => (ms / 1000).toFixed(2).padStart(7));
  console.log(`${phase.replace('Ms', '').padEnd(22)}${cells.join(' ')}`);
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ rows, failovers, load }, null, 1)}\n`);
process.exit(0);

function figures(values_: readonly number[]) {
  const sorted = values_.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
