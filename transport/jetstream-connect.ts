import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, errors, type NatsConnection, type NodeConnectionOptions, nuid } from '@nats-io/transport-node';
import { InvalidSettings, TerminalError, type Transport, TransportUnavailable } from '#actors';
import { isAtLeast, OLDEST_NATS } from '../setup/nats-version.ts';
import { assertOptions } from './assert-options.ts';
import { probeCompareAndSet } from './compare-and-set-probe.ts';
import {
  JetStreamMissing,
  NotAuthorized,
  ServerTooOld,
  transportError,
  UnsafeCompareAndSet,
  WriteRefused,
} from './errors.ts';
import { JetStreamTransport } from './jetstream-transport.ts';
import { LeaderConnection } from './leader-connection.ts';
import { publishBatch, publishOne } from './raw-publish.ts';
import { ServerTime } from './server-time.ts';
import { StreamIdentity } from './stream-identity.ts';
import { ensureStream, settingsOf } from './stream-setup.ts';
import { Subjects } from './subjects.ts';

export interface JetStreamOptions {
  readonly servers: readonly string[];
  /** Name of this client, shown by the servers. */
  readonly name: string;
  /** Stream name, also the prefix of every subject; `understudy` when not given. */
  readonly stream?: string;
  /** True: use the stream as it was made, whatever `partitions`, `replicas` and `history` say; make none. */
  readonly existing?: boolean;
  /** Fixed when the stream is created; 64 when not given. */
  readonly partitions?: number;
  /** 3 in a cluster, 1 on a single server, when not given. */
  readonly replicas?: number;
  /** Steps kept of every actor; 64 when not given. */
  readonly history?: number;
  /** Messages from outside that one mailbox takes; 10,000 when not given. */
  readonly mailboxLimit?: number;
  /** False: never use atomic batches, even where the server has them. */
  readonly atomic?: boolean;
  /** How long a write may take until its outcome counts as unknown; 2 s when not given. */
  readonly timeoutMs?: number;
  /** How long reads are tried again while nobody answers (an election takes 4 to 9 s); 15 s when not given. */
  readonly readTimeoutMs?: number;
  /** How long to try until the servers are ready; 15 s when not given. */
  readonly readyTimeoutMs?: number;
  /** TLS, credentials and the like, handed to the client library. */
  readonly connection?: NodeConnectionOptions;
}

/**
 * Connects, creates or checks the stream, and proves by a short race that this server's compare-and-set can be trusted.
 * Errors: `InvalidSettings`, `ServerTooOld`, `StreamMismatch`, `StreamMissing`, `UnsafeCompareAndSet`, `NotAuthorized` (terminal, at once); after
 * `readyTimeoutMs` `JetStreamMissing` (terminal), `TransportUnavailable`. Nothing was changed on the servers then.
 */
export async function connectJetStream(options: JetStreamOptions): Promise<Transport> {
  assertOptions(options);
  const deadline = performance.now() + (options.readyTimeoutMs ?? 15_000);
  for (;;) {
    try {
      return await connectOnce(options);
    } catch (error) {
      const refusal = refusalOf(error, options.servers);
      // Servers that just started have no JetStream yet, so this one is believed only in the end.
      if (refusal !== undefined && !(refusal instanceof JetStreamMissing)) throw refusal;
      if (performance.now() > deadline) throw refusal ?? unreachable(error, options.servers);
      // Servers that just started have no leader and not enough peers yet.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** What waiting does not mend, as our own error; undefined for anything else. */
function refusalOf(error: unknown, servers: readonly string[]): TerminalError | undefined {
  const where = servers.join(', ');
  if (error instanceof TerminalError) return error;
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    const text = `${where} refuse these credentials (${error.message}): check \`connection\` (user, password, token, nkey)`;
    return new NotAuthorized(text, { cause: error });
  }
  if (error instanceof errors.PermissionViolationError) {
    const text = `these credentials may not ${error.operation} ${error.subject}: allow them the stream's subjects and $JS.API.>`;
    return new NotAuthorized(text, { cause: error });
  }
  if (error instanceof Error && error.name === 'JetStreamNotEnabled') {
    // By name: the client library does not export its class.
    const text = `${where} run without JetStream: start nats-server with a jetstream { store_dir } block (or -js)`;
    return new JetStreamMissing(text, { cause: error });
  }
  return undefined;
}

function unreachable(error: unknown, servers: readonly string[]): Error {
  const known = transportError(error);
  const text = `${servers.join(', ')}: ${known.message}; is nats-server running there, with a majority of its cluster?`;
  return new TransportUnavailable(text, { cause: error });
}

async function connectOnce(given: JetStreamOptions): Promise<Transport> {
  let options = given;
  const timeoutMs = options.timeoutMs ?? 2_000;
  const common = {
    // Each request would keep a stack of its own for an error that hardly ever comes.
    noAsyncTraces: true,
    ...options.connection,
    ...{ name: options.name, timeout: timeoutMs, pingInterval: 2_000, maxPingOut: 2 },
  };
  const connection = await connect({
    ...common,
    servers: [...options.servers],
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
  });
  try {
    const version = connection.info?.version ?? 'unknown';
    if (!isAtLeast(version, OLDEST_NATS)) {
      throw new ServerTooOld(
        `nats-server ${version} can let two writers win one compare-and-set; need ${OLDEST_NATS} or newer`,
      );
    }
    if (connection.info?.cluster === undefined && (options.replicas ?? 1) > 1) {
      throw new InvalidSettings(
        `replicas is ${options.replicas}, and ${options.servers.join(', ')} is one server alone`,
      );
    }
    const manager = await jetstreamManager(connection, { timeout: timeoutMs });
    const name = options.stream ?? 'understudy';
    if (options.existing === true) options = { ...options, ...(await settingsOf(manager, name)) };
    const subjects = new Subjects(name, options.partitions ?? 64);
    const { atomic, schedules } = await ensureStream(manager, subjects, {
      name,
      replicas: options.replicas ?? (connection.info?.cluster === undefined ? 1 : 3),
      history: options.history ?? 64,
      canBatch: isAtLeast(version, '2.12.0') && options.atomic !== false,
      canSchedule: isAtLeast(version, '2.12.0'),
    });
    await probe(connection, manager, subjects, { name, atomic, timeoutMs });
    const { mailboxLimit = 10_000, readTimeoutMs = 15_000 } = options;
    const limits = { timeoutMs, readTimeoutMs, mailboxLimit };
    const serverTime = new ServerTime(async () => timeOf(await manager.streams.info(name)));
    if (schedules) await serverTime.learn();
    const identity = new StreamIdentity(() => manager.streams.info(name), await manager.streams.info(name));
    const near = new LeaderConnection({
      main: connection,
      urls: options.servers,
      leader: async () => {
        const info = await manager.streams.info(name);
        identity.observe(info); // by the way, every few seconds
        return info.cluster?.leader;
      },
      connect: (url) => connect({ ...common, servers: [url], reconnect: false, ignoreClusterUpdates: true }),
      graceMs: timeoutMs * 3,
    });
    await near.follow();
    const what = { stream: name, atomic, schedules };
    return new JetStreamTransport({ connection, near, manager, subjects, serverTime, identity, ...what, ...limits });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** When the servers answered: part of every answer, not of the client library's types. */
function timeOf(answer: object): string {
  return String(Reflect.get(answer, 'ts'));
}

async function probe(
  connection: NatsConnection,
  manager: JetStreamManager,
  subjects: Subjects,
  { name, atomic, timeoutMs }: { name: string; atomic: boolean; timeoutMs: number },
): Promise<void> {
  const subject = subjects.probe(nuid.next());
  const data = new Uint8Array(64);
  const refused = (error: unknown): undefined => {
    if (error instanceof WriteRefused && error.lostCompareAndSet) return undefined;
    throw error;
  };
  try {
    await probeCompareAndSet(
      (expected) => publishOne(connection, { subject, data, expected }, timeoutMs).catch(refused),
      20,
      8,
    );
    if (!atomic) return;
    const wrong = [
      { subject: `${subject}-first`, data },
      { subject, data, expected: 0 },
    ];
    if ((await publishBatch(connection, wrong, timeoutMs).catch(refused)) !== undefined) {
      throw new UnsafeCompareAndSet('an atomic batch with a wrong expectation was accepted');
    }
  } finally {
    await manager.streams.purge(name, { filter: subject });
  }
}
