import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readWitness, type WitnessRecord, witnessViolations } from './witness.ts';
import { checkDisk, unprovenEpochs } from './witness-check.ts';

const record = (epoch: number, node: string, counter: number, seen: [number, number][] = []): WitnessRecord => ({
  vm: 'web-1',
  epoch,
  node,
  run: `run-${epoch}`,
  counter,
  seen: new Map(seen),
});

it('finds nothing wrong when each epoch ends before the next begins', () => {
  expect(witnessViolations([record(1, 'n1', 7), record(1, 'n1', 8), record(2, 'n2', 1, [[1, 8]])])).toEqual([]);
});

it('finds an older copy that wrote on', () => {
  const violations = witnessViolations([record(1, 'n1', 9), record(2, 'n2', 1, [[1, 8]])]);
  expect(violations).toEqual([
    'web-1: epoch 1 on n1 wrote record 9 after epoch 2 on n2 had begun (it had seen record 8)',
  ]);
});

it('finds an older copy whose first write came after the newer one began', () => {
  expect(witnessViolations([record(1, 'n1', 1), record(2, 'n2', 1)])).toHaveLength(1);
});

it('finds one epoch written by two nodes', () => {
  expect(witnessViolations([record(1, 'n1', 1), record(1, 'n2', 2)])).toHaveLength(1);
});

describe('a raw disk', () => {
  let disk: string;
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'understudy-witness-'));
    disk = join(folder, 'disk');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Each text in the sector after the one before, from the beginning of its epoch's MiB. */
  function written(...sectors: readonly (readonly [epoch: number, text: string])[]): void {
    const content = Buffer.alloc(4 << 20);
    for (const [sector, [epoch, text]] of sectors.entries()) {
      content.write(text, epoch * (1 << 20) + sector * 512, 'latin1');
    }
    writeFileSync(disk, content);
  }
  const first = [1, 'witness vm=web-1 epoch=1 node=n1 run=a counter=1 seen=\n'] as const;
  const second = [2, 'witness vm=web-1 epoch=2 node=n2 run=b counter=1 seen=1:1,\n'] as const;

  it('holds the records of its guests', async () => {
    written(first, second);
    const records = await readWitness(disk);
    expect(records.map(({ epoch, counter }) => [epoch, counter])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(records[1]?.seen).toEqual(new Map([[1, 1]]));
    expect(await checkDisk(disk, 'web-1')).toEqual([]);
  });

  it.each([
    ['cut off', 'witness vm=web-1 epoch=2 node=n2 run=b coun'],
    ['of another kind', 'garbage'],
  ])('that holds a record %s is wrong', async (_, text) => {
    written(first, second, [2, text]);
    expect(await readWitness(disk)).toHaveLength(2);
    expect(await checkDisk(disk, 'web-1')).toEqual([
      'web-1: sector 4098 of its disk holds something that is no whole record',
    ]);
  });

  it("that holds another VM's records is wrong", async () => {
    written(first);
    expect(await checkDisk(disk, 'db-1')).toEqual(['db-1: web-1 wrote on its disk']);
  });

  it('without a record of an epoch that has booted proves nothing', async () => {
    const epochs = [1, 2].map((epoch) => ({ vm: 'web-1', epoch }));
    written(first, second);
    expect(await unprovenEpochs(() => disk, epochs)).toEqual([]);
    written(first);
    expect(await unprovenEpochs(() => disk, epochs)).toEqual([
      'not proven: web-1 ran in epoch 2 and its disk holds no record of that',
    ]);
    written();
    expect(await unprovenEpochs(() => disk, epochs)).toHaveLength(2);
  });
});
