import { expect, test } from 'vitest';
import { cpioArchive } from './cpio.ts';

test('every entry starts on a four-byte boundary and carries its size, mode and name', () => {
  const archive = cpioArchive([
    { path: 'bin', kind: 'folder' },
    { path: 'bin/a', kind: 'file', mode: 0o755, data: Buffer.from('12345') },
    { path: 'dev-console', kind: 'device', major: 5, minor: 1 },
  ]);
  const found: unknown[] = [];
  for (let at = 0; at < archive.length; ) {
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const name = archive.toString('latin1', at + 110, at + 110 + field(11) - 1);
    const dataAt = Math.ceil((at + 110 + field(11)) / 4) * 4;
    found.push([
      name,
      field(1).toString(8),
      archive.toString('latin1', dataAt, dataAt + field(6)),
      field(9),
      field(10),
    ]);
    at = Math.ceil((dataAt + field(6)) / 4) * 4;
  }
  expect(found).toEqual([
    ['bin', '40755', '', 0, 0],
    ['bin/a', '100755', '12345', 0, 0],
    ['dev-console', '20600', '', 5, 1],
    ['TRAILER!!!', '100000', '', 0, 0],
  ]);
});
