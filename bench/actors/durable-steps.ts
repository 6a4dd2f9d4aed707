import { connectJetStream, type NatsCluster } from '../../transport/mod.ts';
import { cpuOf } from './cpu-time.ts';
import { type Rate, rateOf } from './rate.ts';
import { ringSystem } from './ring.ts';
import { timedTransport } from './timed-transport.ts';

export interface StepRate extends Rate {
  /** Processor time a step, in microseconds: this process, and the three servers together. */
  readonly clientMicroseconds: number;
  readonly serverMicroseconds: number;
  /** Actors in memory when the measuring began. */
  readonly visited: number;
}

export interface StepLoad {
  readonly actors: number;
  /** Messages under way at once; every actor is visited in turn. */
  readonly underWay: number;
  readonly warmUpMs: number;
  /** Warms up until every actor was visited once, but not for longer than this. */
  readonly firstLapMs?: number;
  readonly durationMs: number;
}

/**
 * Full durable steps of the actor runtime, on a stream of its own: take a message from the mailbox, transition, commit
 * snapshot and one outgoing message, acknowledge. Every message goes on to the next actor of a ring.
 */
export async function durableSteps(cluster: NatsCluster, load: StepLoad): Promise<StepRate> {
  const stream = `ring-${load.actors}-${load.underWay}`;
  const raw = await connectJetStream({ servers: cluster.urls, name: 'bench', stream });
  let durations: number[] = [];
  const transport = timedTransport(raw, (milliseconds) => durations.push(milliseconds));
  let over = false;
  const system = ringSystem(transport, 'bench', load.actors, () => !over);
  await system.start();
  const apart = load.actors / load.underWay;
  await Promise.all(
    Array.from({ length: load.underWay }, (_, i) => system.tell(`ring/${Math.floor(i * apart)}`, { type: 'step' })),
  );
  await new Promise((resolve) => setTimeout(resolve, load.warmUpMs));
  const lapEndMs = performance.now() + (load.firstLapMs ?? 0);
  while (system.activeActors < load.actors && performance.now() < lapEndMs) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const visited = system.activeActors;
  const servers = cluster.servers.flatMap((server) => (server.pid === undefined ? [] : [server.pid]));
  const [serversBefore, clientBefore] = [await cpuOf(servers), process.cpuUsage()];
  durations = [];
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, load.durationMs));
  const rate = rateOf(durations, performance.now() - begin);
  const steps = durations.length;
  const client = process.cpuUsage(clientBefore);
  const serverMicroseconds = Math.round(((await cpuOf(servers)) - serversBefore) / steps);
  over = true;
  for (let before = -1; before !== durations.length; ) {
    before = durations.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  await system.stop();
  await raw.close();
  const clientMicroseconds = Math.round((client.user + client.system) / steps);
  return { ...rate, clientMicroseconds, serverMicroseconds, visited };
}
