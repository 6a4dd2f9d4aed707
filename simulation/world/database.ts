import { type Database, DatabaseUnavailable } from '#ports';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimMembers } from './members.ts';
import type { SimNetwork } from './network.ts';
import { remoteCall } from './remote-call.ts';
import type { SimProcess } from './sim-process.ts';

/** A driver waits this long for a server before it reports an error. */
const TIMEOUT_MS = 3000;

/**
 * What a process on a host sees of the database `inner`: far away, gone while its leader cannot be reached or is being
 * elected, and with an unknown outcome when the answer is lost.
 */
export function openDatabase(
  inner: Database,
  process: SimProcess,
  time: VirtualTime,
  network: SimNetwork,
  members: SimMembers,
): Database {
  const { host } = process;
  const call = <Result>(act: () => Promise<Result>): Promise<Result> =>
    remoteCall({
      port: 'database',
      process,
      time,
      thereMs: network.streamDelay(host) + 0.5,
      backMs: network.streamDelay(host) + 0.5,
      timeoutMs: TIMEOUT_MS,
      reachable: () => members.serves(host),
      act,
      unavailable: () => new DatabaseUnavailable(`no answer from the database within ${TIMEOUT_MS} ms`),
    });
  return {
    description: 'simulated',
    get: (collection, id) => call(() => inner.get(collection, id)),
    list: (collection) => call(() => inner.list(collection)),
    create: (collection, id, body) => call(() => inner.create(collection, id, body)),
    replace: (collection, id, revision, body) => call(() => inner.replace(collection, id, revision, body)),
    remove: (collection, id, revision) => call(() => inner.remove(collection, id, revision)),
    beat: (node, counter) => call(() => inner.beat(node, counter)),
    beats: () => call(() => inner.beats()),
    close: async () => {},
  };
}
