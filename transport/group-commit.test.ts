import type { NatsConnection } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
import { decodePack, type Letter } from './pack.ts';

interface Stored {
  readonly subject: string;
  readonly data: Uint8Array;
}

/** Stores what batches bring; says no to a batch with such a subject, which `onRefused` hears. */
function servers(refused = 'none', onRefused: () => void = () => {}) {
  const batches: Stored[][] = [];
  let coming: Stored[] = [];
  let sequence = 0;
  const connection = {
    publish: (subject: string, data: Uint8Array) => {
      coming.push({ subject, data });
    },
    request: async (subject: string, data: Uint8Array) => {
      const batch = [...coming, { subject, data }];
      coming = [];
      if (batch.some((each) => each.subject === refused)) {
        onRefused();
        return { json: () => ({ error: { code: 400, err_code: 10_071, description: 'wrong last sequence' } }) };
      }
      batches.push(batch);
      sequence += batch.length;
      return { json: () => ({ seq: sequence, count: batch.length }) };
    },
  };
  // Only what is called here: the rest needs servers.
  return { batches, connection: connection as unknown as NatsConnection };
}

function group(connection: NatsConnection, more: Partial<GroupCommitOptions>): GroupCommit {
  let packs = 0;
  const packSubject = (): string => {
    packs += 1;
    return `pack.${packs}`;
  };
  const options = { atomic: true, timeoutMs: 1_000, inFlight: 6, batchMessages: 150, packSubject };
  return new GroupCommit(() => connection, { ...options, ...more });
}

function letter(partition: number, text: string): Letter {
  return { partition, data: Buffer.from(text), subject: `single.${partition}.${text}` };
}

const journal = (n: number): Stored => ({ subject: `journal.${n}`, data: Buffer.from('{}') });

/** Texts of letters in the order in which they are stored, those of a pack together. */
function inOrder(stored: readonly Stored[]): string[] {
  return stored.flatMap(({ subject, data }) => {
    if (subject.startsWith('single')) return [Buffer.from(data).toString()];
    return subject.startsWith('pack') ? packed({ subject, data }).map(({ text }) => text) : [];
  });
}

function packed({ data }: Stored): { partition: number; text: string }[] {
  const letters = decodePack(data);
  if (letters === undefined) throw new Error('no pack');
  return letters.map(({ partition, data: own }) => ({ partition, text: Buffer.from(own).toString() }));
}

test('letters of a step to one actor keep their order, also when its partition stops keeping up at that moment', async () => {
  for (let quickFor = 0; quickFor < 8; quickFor += 1) {
    const { batches, connection } = servers();
    let asked = 0;
    const mayPack = (partition: number): boolean => {
      if (partition === 2) return true;
      asked += 1;
      return asked <= quickFor;
    };
    const letters = [letter(1, 'a'), letter(1, 'b'), letter(1, 'c'), letter(2, 'x'), letter(2, 'y')];
    await group(connection, { mayPack }).write([journal(1)], letters);
    const order = inOrder(batches.flat()).filter((text) => text < 'd');
    expect(order, `quick for ${quickFor} questions`).toEqual(['a', 'b', 'c']);
  }
});

test('a batch that is halved stays within what was counted when it was taken, whoever stops keeping up meanwhile', async () => {
  let quick = true;
  const { batches, connection } = servers('journal.7', () => {
    quick = false;
  });
  const own = group(connection, { mayPack: () => quick });
  const units = Array.from({ length: 10 }, (_, n) =>
    own.write(
      [journal(n)],
      Array.from({ length: 300 }, (_each, i) => letter(i % 64, `${n}-${i}`)),
    ),
  );
  const results = await Promise.allSettled(units);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(150);
});

test('a pack holds a bounded number of letters for one partition: an actor takes those of a few packs before any is gone', async () => {
  const { batches, connection } = servers();
  const letters = Array.from({ length: 400 }, (_, i) => letter(i % 20 === 0 ? 2 : 1, `${i}`));
  await group(connection, { mayPack: () => true }).write([journal(1)], letters);
  const packs = batches.flat().filter(({ subject }) => subject.startsWith('pack'));
  expect(packs.length).toBeGreaterThan(1);
  for (const pack of packs) {
    expect(packed(pack).filter(({ partition }) => partition === 1).length).toBeLessThanOrEqual(64);
  }
  expect(inOrder(packs)).toEqual(letters.map(({ data }) => Buffer.from(data).toString()));
});

test('a pack is no larger than what the servers take, its table included', async () => {
  const { batches, connection } = servers();
  const long = (i: number): Letter => ({ ...letter(i, `${i}`), data: Buffer.from(`${i}`.padStart(3_000, 'x')) });
  const letters = Array.from({ length: 40 }, (_, i) => long(i));
  await group(connection, { mayPack: () => true, maxBodyBytes: () => 10_000 }).write([journal(1)], letters);
  const packs = batches.flat().filter(({ subject }) => subject.startsWith('pack'));
  expect(packs.length).toBeGreaterThan(10);
  expect(Math.max(...packs.map(({ data }) => data.length))).toBeLessThanOrEqual(10_000);
  expect(inOrder(packs)).toHaveLength(40);
});
