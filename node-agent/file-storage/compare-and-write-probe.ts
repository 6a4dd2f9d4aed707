import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { TerminalError } from '#actors';
import type { ByteRangeLock } from './byte-range-lock.ts';
import { packSector, SECTOR_BYTES } from './sector.ts';
import { SectorFile } from './sector-file.ts';

/** The store let two writers win one race, so it cannot keep two copies of a VM apart (G2). */
export class StoreRefused extends TerminalError {
  override readonly name = 'StoreRefused';
  readonly code = 'STORE_REFUSED';
}

const ROUNDS = 12;
const WRITERS = 6;

/**
 * Lets several openers of a scratch file beside `path` race for a sector. Throws `StoreRefused` with the evidence when
 * a round has not exactly one winner. Sees locks and caches of this host; an NFS mounted with `nolock` passes here and
 * is still no shared storage.
 */
export async function probeCompareAndWrite(path: string, lock: ByteRangeLock): Promise<void> {
  const scratch = `${path}.probe-${randomUUID()}`;
  await writeFile(scratch, Buffer.alloc(SECTOR_BYTES));
  const writers = await Promise.all(Array.from({ length: WRITERS }, () => SectorFile.open(scratch, lock)));
  try {
    let current: Buffer = Buffer.alloc(SECTOR_BYTES);
    for (let round = 1; round <= ROUNDS; round += 1) {
      const expected = current;
      const won = await Promise.all(
        writers.map((file, writer) => compareAndWrite(file, 0, expected, packSector({ round, writer }))),
      );
      const winners = won.flatMap((win, writer) => (win ? [writer] : []));
      if (winners.length !== 1) {
        throw new StoreRefused(`${path}: in round ${round} of the probe ${winners.length} of ${WRITERS} writers won`);
      }
      current = packSector({ round, writer: winners[0] });
    }
  } finally {
    await Promise.all(writers.map((file) => file.close()));
    await rm(scratch, { force: true });
  }
}

/** Writes `next` if the sector's bytes still are `expected`. Atomic among all openers that come through here. */
export function compareAndWrite(file: SectorFile, sector: number, expected: Buffer, next: Buffer): Promise<boolean> {
  return file.locked(sector, async () => {
    if (!(await file.read(sector, 1)).equals(expected)) return false;
    await file.write(sector, next);
    return true;
  });
}
