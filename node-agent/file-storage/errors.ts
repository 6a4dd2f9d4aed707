import { TerminalError } from '#actors';
import { StorageUnavailable } from '#ports';

/** The file cannot serve as shared storage: two writers won one race, its locks do nothing, or it is no area of ours. */
export class StoreRefused extends TerminalError {
  override readonly name = 'StoreRefused';
  readonly code = 'STORE_REFUSED';
}

/**
 * A sector holds neither a record nor the mark of a sector never written. What it said is unknown, so nothing may be
 * decided from it: least of all that nobody holds the VM. Trying again helps only when its owner writes it again.
 */
export class SectorCorrupt extends StorageUnavailable {
  override readonly code = 'SECTOR_CORRUPT';
  /** Number of the sector in the area, its kind and its byte offset, for a human with `dd`. */
  readonly sector: string;

  constructor(path: string, sector: string, why: string) {
    super(`${path}: ${sector}: ${why}`);
    this.sector = sector;
  }
}

/** Every slot or lease sector of the area belongs to somebody. Make a larger area. */
export class AreaFull extends StorageUnavailable {
  override readonly code = 'AREA_FULL';
}
