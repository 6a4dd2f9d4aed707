import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { systemClock } from '#actors';
import { nodeId, vmId } from '#machines';
import { connectDatabase, LateDatabase } from '../database/mod.ts';
import { bootTimeClock } from '../node-agent/boot-time-clock.ts';
import { markerGate, openFileStorage } from '../node-agent/file-storage/mod.ts';
import { type NodeLogEntry, NodeProcess } from '../node-agent/mod.ts';
import { connectJetStream } from '../transport/mod.ts';
import { LabLink } from './lab-link.ts';
import { nodeConfig } from './node-config.ts';
import { nodeFences } from './node-fences.ts';
import { nodeHypervisor } from './node-hypervisor.ts';
import { runAboveOthers } from './real-time.ts';
import { reportCopies } from './report-copies.ts';
import { STORAGE_CUT } from './storage-cut.ts';
import { WatchdogLink } from './watchdog-link.ts';

/** A lab node's agent, started by `node-init`: `node agent.ts CONFIG.json`. */
const RETRY_MS = 300;
const STORAGE_DEADLINE_MS = 2000;

const config = nodeConfig.parse(JSON.parse(readFileSync(process.argv[2] ?? 'config.json', 'utf8')));
const node = nodeId(config.node);
const guestOf = z.object({ vm: z.string().transform(vmId) });
const shutdownOf = z.object({ reboot: z.boolean() });

await runAboveOthers(process.pid);

/** A host waits for what it needs, it does not give up: node-init would only start it again. */
async function insist<T>(what: string, open: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await open();
    } catch (error) {
      if (failures === 0) log({ what: 'alert', why: `waits for ${what}: ${String(error)}` });
      await delay(RETRY_MS);
    }
  }
}

function log({ atMs: _, ...entry }: Omit<NodeLogEntry, 'atMs' | 'node'> & { atMs?: number }): void {
  link.log({ ...entry, node });
}

const host = Promise.withResolvers<NodeProcess>();
const link = new LabLink(config.control, node, async (verb, args) => {
  if (verb === 'guest-shutdown') await (await opening.hypervisor).shutdown(guestOf.parse(args).vm);
  else if (verb === 'host-shutdown') await (await host.promise).shutdownHost(shutdownOf.parse(args));
  else throw new Error(`an agent does not know ${verb}`);
});

const opening = {
  hypervisor: insist('libvirt', () => nodeHypervisor(config, process.env.UNDERSTUDY_LIBVIRT_URI)),
  storage: insist('shared storage', () =>
    openFileStorage(config.area, {
      clock: systemClock,
      deadlineMs: STORAGE_DEADLINE_MS,
      oneMachine: true,
      gate: markerGate(join(config.consoles, STORAGE_CUT)),
    }),
  ),
  database: insist('the database', () => connectDatabase(config.database)),
  transport: insist('NATS', () => connectJetStream({ servers: config.nats, name: node })),
};
const hypervisor = await opening.hypervisor;
const goesDown = process.env.UNDERSTUDY_GOES_DOWN;
const process_ = new NodeProcess({
  ...{ node, freshBoot: process.env.UNDERSTUDY_FRESH_BOOT === '1', clock: bootTimeClock(), random: Math.random },
  ...{ hypervisor, settings: config.settings, log, watchdog: new WatchdogLink(), fences: nodeFences(config) },
  ...(goesDown ? { goesDown: { reboot: goesDown === 'reboot' } } : {}),
  onJoined: () => process.send?.({ do: 'joined' }),
  onGoesDown: ({ reboot }) => process.send?.({ do: 'goes-down', reboot }),
  storage: await opening.storage,
  database: new LateDatabase(opening.database),
  transport: opening.transport,
});
reportCopies(link, node, hypervisor, () => process_.judgements);
await process_.start();
host.resolve(process_);
