import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type LabFolder, labFolder, openLabRoot } from './lab-folder.ts';
import { takeLabLock } from './lab-lock.ts';

let folder: LabFolder;
beforeEach(() => {
  folder = labFolder(mkdtempSync(join(tmpdir(), 'understudy-lock-')));
  openLabRoot(folder);
});
afterEach(() => rmSync(folder.root, { recursive: true }));

afterEach(() => vi.unstubAllEnvs());

it('refuses a second lab and says how to end the first', () => {
  vi.stubEnv('UNDERSTUDY_LAB', folder.root);
  const lock = takeLabLock(folder);
  expect(() => takeLabLock(folder)).toThrow(/already runs \(process \d+.*lab down/);
  lock.release();
  expect(takeLabLock(folder).crashed).toBe(false);
});

it('names another way out for a lab that `lab down` does not reach', () => {
  const lock = takeLabLock(folder);
  expect(() => takeLabLock(folder)).toThrow(`wait until it has ended, or end it with "kill ${process.pid}"`);
  lock.release();
});

it('takes over from a lab that crashed, also when its process number lives on in another process', () => {
  writeFileSync(folder.lock, JSON.stringify({ pid: process.pid, start: '1' }));
  expect(takeLabLock(folder).crashed).toBe(true);
});

it('takes over from a lock that was never written whole', () => {
  writeFileSync(folder.lock, '{"pid":');
  expect(takeLabLock(folder).crashed).toBe(true);
});
