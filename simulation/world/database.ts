import { type Database, DatabaseUnavailable } from '#ports';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimMembers } from './members.ts';
import type { SimNetwork } from './network.ts';
import { RemoteCall } from './remote-call.ts';
import type { SimProcess } from './sim-process.ts';

/** A driver waits this long for a server before it reports an error. */
const TIMEOUT_MS = 3000;

/** One request to the database: to its leader, over a connection that repeats what was lost. */
class DatabaseCall<Result> extends RemoteCall<Result> {
  readonly #members: SimMembers;
  readonly #process: SimProcess;
  readonly #act: () => Promise<Result>;

  constructor(
    process: SimProcess,
    time: VirtualTime,
    network: SimNetwork,
    members: SimMembers,
    act: () => Promise<Result>,
  ) {
    const { host } = process;
    const thereMs = network.streamDelay(host) + 0.5;
    const backMs = network.streamDelay(host) + 0.5;
    super(process, time, { port: 'database', thereMs, backMs, timeoutMs: TIMEOUT_MS });
    this.#members = members;
    this.#process = process;
    this.#act = act;
  }

  protected override reachable(): boolean {
    return this.#members.serves(this.#process.host);
  }

  protected override act(): Promise<Result> {
    return this.#act();
  }

  protected override unavailable(): Error {
    return new DatabaseUnavailable(`no answer from the database within ${TIMEOUT_MS} ms`);
  }
}

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
  const call = <Result>(act: () => Promise<Result>): Promise<Result> =>
    new DatabaseCall(process, time, network, members, act).begin();
  return {
    description: 'simulated',
    get: (collection, id) => call(() => inner.get(collection, id)),
    list: (collection) => call(() => inner.list(collection)),
    create: (collection, id, body) => call(() => inner.create(collection, id, body)),
    replace: (collection, id, revision, body) => call(() => inner.replace(collection, id, revision, body)),
    remove: (collection, id, revision) => call(() => inner.remove(collection, id, revision)),
    beat: (node) => call(() => inner.beat(node)),
    beats: () => call(() => inner.beats()),
    close: async () => {},
  };
}
