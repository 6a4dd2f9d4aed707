/** A file, folder or character device of an archive. `path` is relative, folders come before what is in them. */
export type CpioEntry =
  | { readonly path: string; readonly kind: 'folder' }
  | { readonly path: string; readonly kind: 'file'; readonly mode: number; readonly data: Uint8Array }
  | { readonly path: string; readonly kind: 'device'; readonly major: number; readonly minor: number };

/** Packs a cpio archive ("newc", what Linux takes as an initramfs). Owner root, time 0: the same input, the same bytes. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map((entry, index) => packed(entry, index + 1));
  return Buffer.concat([...parts, packed({ path: 'TRAILER!!!', kind: 'file', mode: 0, data: new Uint8Array() }, 0)]);
}

function packed(entry: CpioEntry, inode: number): Buffer {
  const data = entry.kind === 'file' ? entry.data : new Uint8Array();
  const [major, minor] = entry.kind === 'device' ? [entry.major, entry.minor] : [0, 0];
  const name = Buffer.from(`${entry.path}\0`);
  const fields = [inode, modeOf(entry), 0, 0, 1, 0, data.length, 0, 0, major, minor, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  const head = Buffer.concat([Buffer.from(header), name]);
  return Buffer.concat([head, padding(head.length), data, padding(data.length)]);
}

function modeOf(entry: CpioEntry): number {
  if (entry.kind === 'folder') return 0o040755;
  if (entry.kind === 'device') return 0o020600;
  return 0o100000 | entry.mode;
}

/** Zeros up to the next multiple of four bytes. */
function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
