import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureNatsServer } from '../setup/nats-server.ts';
import { startNatsCluster } from '../transport/mod.ts';
import { durableSteps, type StepRate } from './actors/durable-steps.ts';
import type { Rate } from './actors/rate.ts';
import { rawPublishRate } from './actors/raw-publish-rate.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    actors: { type: 'string', default: '64,512' },
  },
});
const durationMs = Number(values.seconds) * 1_000;
const rows: ({ readonly what: string } & (Rate | StepRate))[] = [];
const add = (what: string, rate: Rate | StepRate): void => {
  rows.push({ what, ...rate });
  const { perSecond, p50, p99 } = rate;
  const cpu = 'clientMicroseconds' in rate ? `  cpu ${rate.clientMicroseconds}+${rate.serverMicroseconds} us/step` : '';
  console.log(
    `${what.padEnd(48)} ${String(perSecond).padStart(8)}/s  p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms${cpu}`,
  );
};

const folder = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
const cluster = await startNatsCluster({ servers: 3, folder, natsServer: await ensureNatsServer(console.log) });
try {
  console.log(`three nats-servers on this machine (${availableParallelism()} cores), R3, sync_interval always`);
  add('raw publish, 1 KB, 512 at once', await rawPublishRate(cluster.urls, 512, durationMs));
  for (const actors of values.actors.split(',').map(Number)) {
    const load = { actors, underWay: Math.min(actors, 512), warmUpMs: 2_000, durationMs };
    add(`full durable step, ${actors} actors`, await durableSteps(cluster, load));
  }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ rows }, null, 2)}\n`);
} finally {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}
