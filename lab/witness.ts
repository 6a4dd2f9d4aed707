import { type FileHandle, open } from 'node:fs/promises';

/** One record of a guest on its own disk, as `setup/guest-init.sh` writes it. */
export interface WitnessRecord {
  readonly vm: string;
  readonly epoch: number;
  readonly node: string;
  /** Another one at each boot of the guest. */
  readonly run: string;
  readonly counter: number;
  /** The last counter of each older epoch, as found on the disk when this run began. */
  readonly seen: ReadonlyMap<number, number>;
}

/** Epoch e owns the e-th MiB of the disk; a record is one sector. */
const SECTOR = 512;
const EPOCH_BYTES = 1 << 20;
const RECORD = /^witness vm=(\S+) epoch=(\d+) node=(\S+) run=(\S+) counter=(\d+) seen=(\S*)\n/;

/** What a raw disk holds. */
export interface WitnessDisk {
  readonly records: readonly WitnessRecord[];
  /** Numbers of the sectors that were written but hold no whole record: a guest writes whole sectors only. */
  readonly unreadable: readonly number[];
}

/** Every whole record on a raw disk, in the order of the sectors. */
export async function readWitness(disk: string): Promise<readonly WitnessRecord[]> {
  return (await readDisk(disk)).records;
}

export async function readDisk(disk: string): Promise<WitnessDisk> {
  const file = await open(disk, 'r');
  try {
    const records: WitnessRecord[] = [];
    const unreadable: number[] = [];
    for (let epoch = 0; ; epoch += 1) {
      const found = await readArea(file, epoch);
      if (found === undefined) return { records, unreadable };
      records.push(...found.records);
      unreadable.push(...found.unreadable);
    }
  } finally {
    await file.close();
  }
}

/** Only those of one epoch. */
export async function recordsOfEpoch(disk: string, epoch: number): Promise<readonly WitnessRecord[]> {
  const file = await open(disk, 'r');
  try {
    return (await readArea(file, epoch))?.records ?? [];
  } finally {
    await file.close();
  }
}

/** Undefined behind the end of the disk. */
async function readArea(file: FileHandle, epoch: number): Promise<WitnessDisk | undefined> {
  const area = Buffer.alloc(EPOCH_BYTES);
  const { bytesRead } = await file.read(area, 0, EPOCH_BYTES, epoch * EPOCH_BYTES);
  if (bytesRead === 0) return undefined;
  const records: WitnessRecord[] = [];
  const unreadable: number[] = [];
  for (let at = 0; at + SECTOR <= bytesRead; at += SECTOR) {
    if (area[at] === 0) continue; // never written
    const offset = epoch * EPOCH_BYTES + at;
    // The guest may have been writing it while we read: a second look tells.
    const record = parseRecord(area.toString('latin1', at, at + SECTOR)) ?? (await readSector(file, offset));
    if (record === undefined) unreadable.push(offset / SECTOR);
    else records.push(record);
  }
  return { records, unreadable };
}

async function readSector(file: FileHandle, offset: number): Promise<WitnessRecord | undefined> {
  const sector = Buffer.alloc(SECTOR);
  await file.read(sector, 0, SECTOR, offset);
  return parseRecord(sector.toString('latin1'));
}

function parseRecord(text: string): WitnessRecord | undefined {
  const [, vm, epoch, node, run, counter, seen] = RECORD.exec(text) ?? [];
  if (vm === undefined || epoch === undefined || node === undefined) return undefined;
  if (run === undefined || counter === undefined || seen === undefined) return undefined;
  const pairs = seen
    .split(',')
    .filter((pair) => pair !== '')
    .map((pair) => pair.split(':').map(Number) as [number, number]); // written by the guest as number:number
  return { vm, epoch: Number(epoch), node, run, counter: Number(counter), seen: new Map(pairs) };
}

/**
 * Broken promises in one VM's records, in words (G2): an epoch that wrote on after a later one had begun, and two runs of
 * one epoch on different nodes. A record written later than another run's beginning has a counter above what that run saw.
 */
export function witnessViolations(records: readonly WitnessRecord[]): string[] {
  const violations = new Set<string>();
  const last = new Map<number, WitnessRecord>();
  for (const record of records) {
    const known = last.get(record.epoch);
    if (known === undefined || known.counter < record.counter) last.set(record.epoch, record);
    if (known !== undefined && known.node !== record.node) {
      violations.add(`${record.vm}: epoch ${record.epoch} was written by both ${known.node} and ${record.node}`);
    }
  }
  for (const later of records) {
    for (const [epoch, older] of last) {
      if (epoch >= later.epoch) continue;
      const seen = later.seen.get(epoch) ?? 0;
      if (older.counter > seen) {
        violations.add(
          `${older.vm}: epoch ${epoch} on ${older.node} wrote record ${older.counter} after epoch ${later.epoch} on ` +
            `${later.node} had begun (it had seen record ${seen})`,
        );
      }
    }
  }
  return [...violations];
}
