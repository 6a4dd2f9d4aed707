import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FeedMember, MailboxFeed } from './mailbox-feed.ts';
import { encodePack } from './pack.ts';
import { type Random, randomOf } from './packs-model-store.ts';
import type { FeedMessage, FeedOptions } from './stream-feed.ts';
import { Subjects } from './subjects.ts';

const PARTITIONS = 4;
const subjects = new Subjects('s', PARTITIONS);

/** A stream without servers: feeds of it read on when told to. */
const log: FeedMessage[] = [];
const feeds = new Set<FakeFeed>();

class FakeFeed {
  position = 0;
  readonly #options: FeedOptions;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get pending(): number {
    return log.filter((message) => this.#isNext(message)).length;
  }

  #isNext({ sequence, subject }: FeedMessage): boolean {
    const { filters, from } = this.#options;
    if (sequence <= this.position || (typeof from === 'number' && sequence < from)) return false;
    return filters.some((filter) => subject.startsWith(filter.slice(0, -1)));
  }

  read(): void {
    const next = log.find((message) => this.#isNext(message));
    if (next === undefined) return;
    this.position = next.sequence;
    this.#options.onMessage(next);
  }

  release(): void {}

  async stop(): Promise<void> {
    feeds.delete(this);
  }
}

vi.mock('./stream-feed.ts', () => ({
  StreamFeed: {
    open: async (_connection: unknown, _manager: unknown, options: FeedOptions) => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      const feed = new FakeFeed(options);
      feeds.add(feed);
      return feed;
    },
  },
}));

beforeEach(() => {
  vi.useFakeTimers();
  log.length = 0;
  feeds.clear();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Reader {
  readonly partition: number;
  readonly got: number[];
  member: FeedMember | undefined;
}

/** What is stored of a partition, up to there. */
function storedFor(partition: number, upTo: number): number[] {
  return expected.filter((each) => each.partition === partition && each.sequence <= upTo).map((each) => each.sequence);
}

const expected: { readonly partition: number; readonly sequence: number }[] = [];

function store(random: Random): void {
  const sequence = log.length + 1;
  const isPack = random(3) === 0;
  const partitions = isPack ? Array.from({ length: PARTITIONS }, (_, i) => i).filter(() => random(2) === 0) : [];
  const [partition = 0] = isPack ? partitions : [random(PARTITIONS)];
  if (isPack && partitions.length === 0) partitions.push(partition);
  const letters = partitions.map((each) => ({ partition: each, data: Buffer.from('{}'), subject: '' }));
  const subject = isPack ? subjects.pack(`${sequence}`) : `s.q.${partition}.kind.id.${sequence}`;
  log.push({ subject, sequence, data: isPack ? encodePack(letters) : Buffer.from('{}'), header: () => '' });
  for (const each of isPack ? partitions : [partition]) expected.push({ partition: each, sequence });
}

function check({ partition, got, member }: Reader, seed: number): void {
  // Wherever it says it is: all up to there came, each once, in order.
  const position = member?.position() ?? 0;
  expect(
    got.filter((sequence) => sequence <= position),
    `seed ${seed}`,
  ).toEqual(storedFor(partition, position));
  expect(got, `seed ${seed}`).toEqual(storedFor(partition, got.at(-1) ?? 0));
}

// On faked timers, so how long a busy machine takes says nothing.
test('whoever joins and leaves while feeds are merged: each partition hears all, once, in order, and is where it says', {
  timeout: 60_000,
}, async () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    expected.length = 0;
    log.length = 0;
    const random = randomOf(seed);
    const packs: number[] = [];
    const feed = new MailboxFeed(
      () => ({}) as NatsConnection,
      {} as JetStreamManager, // neither is used here
      's',
      subjects,
      async () => true,
      (sequence) => packs.push(sequence),
    );
    const readers = new Set<Reader>();
    const join = (): void => {
      const reader: Reader = { partition: random(PARTITIONS), got: [], member: undefined };
      const onMessage = ({ sequence }: FeedMessage): number => reader.got.push(sequence);
      const receiver = { onMessage, onLetters: (sequence: number) => reader.got.push(sequence) };
      void feed.join(reader.partition, receiver).then((member) => {
        reader.member = member;
        readers.add(reader);
      });
    };
    join();
    for (let n = 0; n < 400; n += 1) {
      const kind = random(20);
      if (kind < 8) store(random);
      else if (kind < 16) for (const each of feeds) for (let more = random(4); more > 0; more -= 1) each.read();
      else if (kind < 18) await vi.advanceTimersByTimeAsync([10, 50, 1_020][random(3)] ?? 0);
      else if (kind < 19) join();
      else {
        const [leaving] = [...readers].filter(({ member }) => member !== undefined && random(3) === 0);
        leaving?.member?.leave();
        if (leaving !== undefined) {
          check(leaving, seed);
          readers.delete(leaving);
        }
      }
      for (const reader of readers) check(reader, seed);
    }
    await vi.advanceTimersByTimeAsync(5_000);
    for (let n = 0; n < 500; n += 1) for (const each of feeds) each.read();
    for (const reader of readers) expect(reader.got, `seed ${seed}`).toEqual(storedFor(reader.partition, log.length));
    expect(feeds.size, 'all merged').toBeLessThanOrEqual(1);
    await feed.stop();
  }
});
