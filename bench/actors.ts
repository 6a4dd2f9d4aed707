import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureNatsServer } from '../setup/nats-server.ts';
import { type NatsCluster, startNatsCluster } from '../transport/mod.ts';
import { activation, idleAsk, takeover } from './actors/activation.ts';
import { durableSteps } from './actors/durable-steps.ts';
import { memoryUse } from './actors/memory.ts';
import type { Rate } from './actors/rate.ts';
import { rawPublishRate } from './actors/raw-publish-rate.ts';
import { startRestate } from './actors/restate.ts';
import { Table } from './actors/table.ts';

/** Messages under way at once, at most: rings of more actors have one message for several of them. */
const UNDER_WAY = 512;
const PARTS = ['raw', 'steps', 'restate', 'growth', 'ask', 'takeover', 'activation', 'memory'] as const;

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: PARTS.join(',') },
    growth: { type: 'string', default: '100,1000,10000,100000' },
  },
});
const durationMs = Number(values.seconds) * 1_000;
const only = values.only.split(',');
const table = new Table();

async function steps(cluster: NatsCluster): Promise<void> {
  const raw = only.includes('raw') ? await rawPublishRate(cluster.urls, UNDER_WAY, durationMs) : undefined;
  if (raw !== undefined) table.rate('raw publish of 1 KB, 512 at once', raw);
  if (!only.includes('steps')) return;
  const few = await durableSteps(cluster, { actors: 64, underWay: 64, warmUpMs: 2_000, durationMs });
  table.rate('full durable step, 64 actors', few, '2,500/s, p50 < 25 ms', few.perSecond >= 2_500 && few.p50 < 25);
  const many = await durableSteps(cluster, { actors: 512, underWay: UNDER_WAY, warmUpMs: 3_000, durationMs });
  table.rate('full durable step, 512 actors', many, '10,000/s', many.perSecond >= 10_000);
  if (raw !== undefined) ratio('512 actors against raw publishes', many, raw, 2 / 3);
  if (only.includes('restate')) await restate([few, many]);
}

function ratio(what: string, ours: Rate, theirs: Rate, asked: number): void {
  const times = ours.perSecond / theirs.perSecond;
  const text = asked < 1 ? 'two thirds' : `${asked} times`;
  table.add({ what, measured: `${times.toFixed(2)} times`, asked: text, met: times >= asked, values: { times } });
}

async function restate(ours: readonly Rate[]): Promise<void> {
  const what = 'Restate, the same machine by its XState package';
  const folder = await mkdtemp(join(tmpdir(), 'understudy-bench-restate-'));
  try {
    const peer = await startRestate(folder, console.log);
    try {
      for (const [i, actors] of [64, 512].entries()) {
        const rate = await peer.steps(actors, durationMs);
        // One server, no replicas, and no outgoing message: it has less to do.
        table.rate(`Restate ${peer.version} by its XState package, ${actors}`, rate);
        const own = ours[i];
        if (own !== undefined) ratio(`${actors} actors against Restate`, own, rate, 20);
      }
    } finally {
      await peer.stop();
    }
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    table.add({ what, measured: `!! COULD NOT BE HAD: ${why}`, values: { error: why } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function growth(cluster: NatsCluster): Promise<void> {
  for (const actors of values.growth.split(',').map(Number)) {
    const underWay = Math.min(actors, UNDER_WAY);
    const load = { actors, underWay, warmUpMs: 1_000, firstLapMs: 45_000, durationMs };
    const rate = await durableSteps(cluster, load);
    const all = rate.visited >= actors ? '' : ` (${rate.visited} of them active)`;
    table.rate(`growth: ${actors} actors, ${underWay} messages${all}`, rate);
  }
}

async function single(cluster: NatsCluster): Promise<void> {
  if (only.includes('ask')) {
    const { p50, p99 } = await idleAsk(cluster, 300);
    const measured = `p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms`;
    table.add({ what: 'question to an idle actor', measured, asked: 'p50 < 5 ms', met: p50 < 5, values: { p50, p99 } });
  }
  if (only.includes('takeover')) {
    for (const [how, asked] of [
      ['stop', 200],
      ['kill', 1_500],
    ] as const) {
      const taken = await takeover(cluster, how);
      table.add({
        what: how === 'stop' ? 'a host stops: the other answers after' : 'a host dies: the other answers after',
        measured: `p50 ${taken.p50.toFixed(0)} ms  slowest of ${taken.actors} actors ${taken.max.toFixed(0)} ms`,
        asked: `< ${asked} ms`,
        met: taken.max < asked,
        values: taken,
      });
    }
  }
  if (only.includes('activation')) {
    const ms = await activation(cluster, 10_000);
    const measured = `${ms.toFixed(0)} ms`;
    table.add({ what: 'start: 10,000 actors active', measured, asked: '< 3,000 ms', met: ms < 3_000, values: { ms } });
  }
  if (only.includes('memory')) {
    const use = await memoryUse(cluster, 10_000);
    const { bytesPerActive: active, bytesPerPassivated: idle } = use;
    table.add({
      what: 'memory of an active actor',
      measured: `${active} B`,
      asked: '< 20,000 B',
      met: active < 20_000,
      values: use,
    });
    table.add({
      what: 'memory of a passivated actor',
      measured: `${idle} B`,
      asked: '< 200 B',
      met: idle < 200,
      values: use,
    });
  }
}

const folder = await mkdtemp(join(tmpdir(), 'understudy-bench-'));
const cluster = await startNatsCluster({ servers: 3, folder, natsServer: await ensureNatsServer(console.log) });
try {
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), load ${loadavg()[0]?.toFixed(1)}`;
  console.log(`three nats-servers, the runtime and the load on one machine: ${machine}; R3, sync_interval always`);
  await steps(cluster);
  await single(cluster);
  if (only.includes('growth')) await growth(cluster);
  if (values.json !== undefined) {
    await writeFile(values.json, `${JSON.stringify({ machine, figures: table.figures }, null, 2)}\n`);
  }
} finally {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}
// Clients of a peer may keep connections open.
process.exit();
