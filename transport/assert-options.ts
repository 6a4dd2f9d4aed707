import { InvalidSettings } from '#actors';
import type { JetStreamOptions } from './jetstream-connect.ts';

/** The stream's name begins every subject and is part of the servers' own ones. */
const STREAM = /^[A-Za-z0-9_-]{1,64}$/;
const KNOWN: Record<keyof JetStreamOptions, true> = {
  ...{ servers: true, name: true, stream: true, existing: true, partitions: true, replicas: true, history: true },
  ...{ mailboxLimit: true, atomic: true, timeoutMs: true, readTimeoutMs: true, readyTimeoutMs: true, connection: true },
};
const MOST_PARTITIONS = 4_096;
/** What the servers keep of one message. */
const MOST_REPLICAS = 5;

/** Throws `InvalidSettings` naming the first that cannot work. Nothing was asked of any server then. */
export function assertOptions(options: JetStreamOptions): void {
  const { stream = 'understudy' } = options;
  if (!Array.isArray(options.servers) || !options.servers.every((each) => typeof each === 'string')) {
    throw new InvalidSettings('servers is no list of addresses: want ["nats://host:4222", ...]');
  }
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(KNOWN, name)) {
      throw new InvalidSettings(`${name} is no setting: there are ${Object.keys(KNOWN).join(', ')}`);
    }
  }
  if (options.servers.length === 0) throw new InvalidSettings('servers is empty, needs one address at least');
  if (!STREAM.test(stream)) {
    throw new InvalidSettings(`stream ${JSON.stringify(stream)}: want 1 to 64 letters, digits, "-", "_"`);
  }
  assertWhole('partitions', options.partitions, 1, MOST_PARTITIONS);
  assertWhole('replicas', options.replicas, 1, MOST_REPLICAS);
  assertWhole('history', options.history, 1, Number.MAX_SAFE_INTEGER);
  assertWhole('mailboxLimit', options.mailboxLimit, 1, Number.MAX_SAFE_INTEGER);
  assertDuration('timeoutMs', options.timeoutMs, 1);
  assertDuration('readTimeoutMs', options.readTimeoutMs, 0);
  assertDuration('readyTimeoutMs', options.readyTimeoutMs, 0);
}

function assertWhole(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  const upTo = most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${most}`;
  throw new InvalidSettings(`${name} is ${value}, needs a whole number from ${least} ${upTo}`);
}

function assertDuration(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isFinite(value) && value >= least)) return;
  throw new InvalidSettings(`${name} is ${value}, needs at least ${least} milliseconds`);
}
