import { z } from 'zod';
import {
  type ActorSystemOptions,
  type Alert,
  createActorSystem,
  type KindOptions,
  MemoryServer,
  MemoryTransport,
  systemClock,
  type Transport,
} from './mod.ts';

export const ANY_EVENT = z.looseObject({ type: z.string() });

/** Ids of messages are made of it: none like another. */
let lives = 0;

type Kinds = Readonly<Record<string, Partial<KindOptions> & Pick<KindOptions, 'machine'>>>;

interface More extends Partial<ActorSystemOptions> {
  readonly server?: MemoryServer;
  readonly transport?: Transport;
}

/** One host in memory, started, that retries fast: of version 1 each, any event, parked after two failures. */
export async function hostForTests(kinds: Kinds, more: More = {}) {
  const { server = new MemoryServer({ clock: systemClock, partitions: 1 }), ...options } = more;
  const life = ++lives;
  const alerts: Alert[] = [];
  const system = createActorSystem({
    transport: new MemoryTransport(server),
    clock: systemClock,
    random: () => life / 1_000,
    host: 'n1',
    membership: { joinMs: 1 },
    onAlert: (alert) => alerts.push(alert),
    ...options,
    limits: { failure: { firstMs: 1, maxMs: 4 }, handBackMs: 2, ...options.limits },
  });
  for (const [name, kind] of Object.entries(kinds)) {
    system.register(name, { version: 1, events: ANY_EVENT, onError: { maxFailures: 2 }, ...kind });
  }
  await system.start();
  const status = async (of: string) => (await system.inspect(of))?.status;
  const context = async (of: string) => (await system.inspect(of))?.snapshot.context;
  return { system, server, alerts, status, context };
}
