import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readWitness, type WitnessRecord, witnessViolations } from './witness.ts';

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

it('reads the records of a raw disk and passes over a sector that was cut off', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-witness-'));
  try {
    const disk = Buffer.alloc(4 << 20);
    const write = (text: string, epoch: number, sector: number): void => {
      disk.write(text, epoch * (1 << 20) + sector * 512, 'latin1');
    };
    write('witness vm=web-1 epoch=1 node=n1 run=a counter=1 seen=\n', 1, 1);
    write('witness vm=web-1 epoch=2 node=n2 run=b counter=1 seen=1:1,\n', 2, 1);
    write('witness vm=web-1 epoch=2 node=n2 run=b coun', 2, 2);
    writeFileSync(join(folder, 'disk'), disk);
    const records = await readWitness(join(folder, 'disk'));
    expect(records.map(({ epoch, counter }) => [epoch, counter])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(records[1]?.seen).toEqual(new Map([[1, 1]]));
    expect(witnessViolations(records)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
