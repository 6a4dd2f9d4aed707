import type { Transport } from '#actors';
import { connectJetStream, type NatsCluster } from '../../transport/mod.ts';
import { heldBytes } from './heap.ts';
import { ringSystem } from './ring.ts';

export interface MemoryUse {
  readonly bytesPerActive: number;
  readonly bytesPerPassivated: number;
}

/** Compiled code and caches of this process come with the first actors: they are not counted. */
const WARM_UP = 2_000;

/** What an actor with a snapshot of about 1 KB holds while active, and after it was idle long enough to leave memory. */
export async function memoryUse(cluster: NatsCluster, actors: number): Promise<MemoryUse> {
  await measure(cluster, 'warm-up', WARM_UP);
  return await measure(cluster, 'memory', actors);
}

async function measure(cluster: NatsCluster, stream: string, actors: number): Promise<MemoryUse> {
  const connect = () => connectJetStream({ servers: cluster.urls, name: 'bench', stream });
  const transport = await connect();
  const system = ringSystem(transport, 'bench', actors, () => false, { idleMs: 4_000 });
  await system.start();
  const before = await heldBytes();
  await tellAll(await connect(), actors);
  await until(() => system.activeActors === actors);
  const active = (await heldBytes()) - before;
  await until(() => system.activeActors === 0);
  // Every few seconds the host looks through the journals and holds what it reads for a moment: not then.
  let passivated = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 8; look += 1) passivated = Math.min(passivated, (await heldBytes()) - before);
  await system.stop();
  await transport.close();
  return {
    bytesPerActive: Math.round(active / actors),
    bytesPerPassivated: Math.max(0, Math.round(passivated / actors)),
  };
}

/** From outside: what a sender remembers of whom it sent to does not count for the host. */
async function tellAll(transport: Transport, actors: number): Promise<void> {
  const sender = ringSystem(transport, 'sender', actors, () => false);
  for (let from = 0; from < actors; from += 1_000) {
    const some = Array.from({ length: Math.min(1_000, actors - from) }, (_, i) => `ring/${from + i}`);
    await Promise.all(some.map((address) => sender.tell(address, { type: 'step' })));
  }
  await transport.close();
}

async function until(true_: () => boolean): Promise<void> {
  while (!true_()) await new Promise((resolve) => setTimeout(resolve, 50));
}
