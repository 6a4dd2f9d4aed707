/** A message to be stored with others of other partitions as one. */
export interface Letter {
  readonly partition: number;
  readonly data: Uint8Array;
  /** Where it is stored when it goes alone. */
  readonly subject: string;
}

/** A letter of a pack. */
export interface PackedLetter {
  readonly partition: number;
  /** Where in its pack, from 0. */
  readonly index: number;
  readonly data: Uint8Array;
}

/** Letters of one pack, at most: their positions are fractions of the pack's, see `positionIn`. */
export const MOST_LETTERS = 1_024;

/**
 * Position of a letter: above its pack's and below the next message's. Exact: a sequence below 2^42 leaves eleven bits of a
 * double for the fraction.
 */
export function positionIn(sequence: number, index: number): number {
  return sequence + index / MOST_LETTERS;
}

/** The lowest position above that one that any message may have. */
export function nextPosition(position: number): number {
  return position + 1 / MOST_LETTERS;
}

/** What a letter adds to the table of its pack, at most. */
const ROW_BYTES = 32;
/**
 * Letters of one partition in one pack. An actor may have to wait for the removal of what it took, and a pack is removed when
 * all its letters are taken: so of those it can take at once (`MailboxLine`) some pack must hold no more.
 */
const MOST_OF_ONE = 64;

/** Letters in the same order, as packs of at most so many bytes; one that is larger is alone. */
export function inParts(letters: readonly Letter[], mostBytes: number): Letter[][] {
  const parts: Letter[][] = [];
  let part: Letter[] = [];
  let bytes = 0;
  const ofOne = new Map<number, number>();
  for (const letter of letters) {
    const own = letter.data.length + ROW_BYTES;
    const before = ofOne.get(letter.partition) ?? 0;
    if (parts.length === 0 || bytes + own > mostBytes || part.length === MOST_LETTERS || before === MOST_OF_ONE) {
      part = [];
      parts.push(part);
      bytes = 0;
      ofOne.clear();
    }
    part.push(letter);
    bytes += own;
    ofOne.set(letter.partition, (ofOne.get(letter.partition) ?? 0) + 1);
  }
  return parts;
}

/** `[[partition, bytes], ...]` in one line of JSON, then the letters one after the other. */
export function encodePack(letters: readonly Letter[]): Uint8Array {
  if (letters.length > MOST_LETTERS) throw new RangeError(`${letters.length} letters in a pack of ${MOST_LETTERS}`);
  const table = letters.map(({ partition, data }) => `[${partition},${data.length}]`);
  return Buffer.concat([Buffer.from(`[${table.join()}]\n`), ...letters.map(({ data }) => data)]);
}

const NEWLINE = 10;

/** Undefined when it is none of ours. */
export function decodePack(data: Uint8Array): readonly PackedLetter[] | undefined {
  const end = data.indexOf(NEWLINE);
  const table = end < 0 ? undefined : readTable(data.subarray(0, end));
  if (table === undefined) return undefined;
  const letters: PackedLetter[] = [];
  let at = end + 1;
  for (const [index, [partition, bytes]] of table.entries()) {
    letters.push({ partition, index, data: data.subarray(at, at + bytes) });
    at += bytes;
  }
  return at === data.length ? letters : undefined;
}

function readTable(line: Uint8Array): readonly (readonly [number, number])[] | undefined {
  try {
    const table: unknown = JSON.parse(new TextDecoder().decode(line));
    return Array.isArray(table) && table.length <= MOST_LETTERS && table.every(isRow) ? table : undefined;
  } catch {
    return undefined; // not JSON, so none of ours
  }
}

function isRow(row: unknown): row is readonly [number, number] {
  return Array.isArray(row) && row.length === 2 && row.every((each) => Number.isSafeInteger(each) && each >= 0);
}
