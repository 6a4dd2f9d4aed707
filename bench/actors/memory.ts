import { type Clock, systemClock, type Transport } from '#actors';
import { connectJetStream, type NatsCluster } from '../../transport/mod.ts';
import { heldBytes } from './heap.ts';
import { ringSystem } from './ring.ts';

export interface MemoryUse {
  readonly bytesPerActive: number;
  readonly bytesPerPassivated: number;
}

/** Compiled code and caches of this process come with the first actors: they are not counted. */
const WARM_UP = 2_000;
const IDLE_MS = 600_000;
const PATIENCE_MS = 120_000;

/** What an actor with a snapshot of about 1 KB holds while active, and after it was idle long enough to leave memory. */
export async function memoryUse(cluster: NatsCluster, actors: number): Promise<MemoryUse> {
  await measure(cluster, 'warm-up', WARM_UP);
  return await measure(cluster, 'memory', actors);
}

async function measure(cluster: NatsCluster, stream: string, actors: number): Promise<MemoryUse> {
  const connect = () => connectJetStream({ servers: cluster.urls, name: 'bench', stream });
  const transport = await connect();
  const clock = jumpingClock();
  const system = ringSystem(transport, 'bench', actors, () => false, { idleMs: IDLE_MS }, clock);
  await system.start();
  const before = await leastHeld();
  await tellAll(await connect(), actors);
  await until(() => system.activeActors, actors);
  const active = (await heldBytes()) - before;
  // However long a loaded machine took to make them all active, none left memory before this.
  clock.jump(IDLE_MS);
  await until(() => system.activeActors, 0);
  const passivated = (await leastHeld()) - before;
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

/**
 * Every few seconds the host looks through the journals and holds what it reads for a moment, and what was there before
 * takes a while to be let go: neither counts.
 */
async function leastHeld(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 8; look += 1) least = Math.min(least, await heldBytes());
  return least;
}

/** A clock that can be set forward: what is idle then was idle for long. Timers go on as they are. */
function jumpingClock(): Clock & { jump(byMs: number): void } {
  let ahead = 0;
  return {
    nowMs: () => systemClock.nowMs() + ahead,
    after: (delayMs, fire) => systemClock.after(delayMs, fire),
    jump: (byMs) => {
      ahead += byMs;
    },
  };
}

/** Throws when it takes too long, with how far it came. */
async function until(count: () => number, wanted: number): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (count() !== wanted) {
    if (performance.now() > endMs)
      throw new Error(`${count()} actors are active, not ${wanted}, after ${PATIENCE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
