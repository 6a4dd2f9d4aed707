import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LabError } from './lab-error.ts';
import { labFolder, labRoot, openLabRoot } from './lab-folder.ts';
import { refuseLongPaths } from './socket-paths.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'us-'));
});
afterEach(() => rmSync(place, { recursive: true }));

it.each([
  ['a file', 'file'],
  ['a path below a file', 'file/lab'],
  ['a name that no file system takes', 'x'.repeat(300)],
])('refuses %s as the folder of a lab, and names the way out', (_, name) => {
  writeFileSync(join(place, 'file'), '');
  const open = () => openLabRoot(labFolder(join(place, name)));
  expect(open).toThrow(LabError);
  expect(open).toThrow(/UNDERSTUDY_LAB$/);
});

it.each(['/proc/lab/of/mine', '/sys/lab'])('refuses %s, where making a folder would try for ever', (root) => {
  expect(() => openLabRoot(labFolder(root))).toThrow(/UNDERSTUDY_LAB$/);
});

it('takes the folder as seen from where the lab is started', () => {
  expect(labRoot({ UNDERSTUDY_LAB: 'lab' })).toBe(join(process.cwd(), 'lab'));
});

/** Below `root`: `/nodes/n1/lv/config/libvirt/qemu/lib/domain-10-web-1/monitor.sock`, 65 bytes. */
const plan = { nodes: [{ name: 'n1' }], vms: [{ id: 'web-1' }] };
const root = (bytes: number) => labFolder(`/${'x'.repeat(bytes - 1)}`);

it('refuses a folder below which the path of a socket would not fit', () => {
  expect(() => refuseLongPaths(root(42), plan)).not.toThrow();
  expect(() => refuseLongPaths(root(43), plan)).toThrow(/too long .*bytes to save: 1\).*UNDERSTUDY_LAB$/);
  const named = { nodes: [{ name: 'node-1' }], vms: [{ id: `vm-${'x'.repeat(40)}` }] };
  expect(() => refuseLongPaths(root(23), named)).not.toThrow();
  expect(() => refuseLongPaths(root(24), named)).toThrow(LabError);
});
