import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dropLabDatabases, ownDatabase } from './lab-database.ts';
import { type LabFolder, labFolder } from './lab-folder.ts';

const reachable = async () => undefined;
const gone = () => Promise.reject(new Error('connection refused'));
let folder: LabFolder;
beforeEach(() => {
  folder = labFolder(mkdtempSync(join(tmpdir(), 'understudy-own-')));
});
afterEach(() => rmSync(folder.root, { recursive: true, force: true }));

it('a lab on a server of the user has a database of its own, which goes when the lab ends', async () => {
  const own = await ownDatabase(folder, 'mongodb://db.example/ha?w=1', reachable);
  expect(own).toMatch(/^mongodb:\/\/db\.example\/understudy-lab-[0-9a-f]{8}-[0-9a-f]{8}\?w=1$/);
  const dropped: string[] = [];
  expect(await dropLabDatabases(folder, async (connection) => void dropped.push(connection))).toEqual([]);
  expect(dropped).toEqual([own]);
  expect(existsSync(folder.ownDatabases)).toBe(false);
});

it('a database that cannot be dropped is said and stays on record for the next start', async () => {
  const own = await ownDatabase(folder, 'mongodb://db.example', reachable);
  expect(await dropLabDatabases(folder, gone)).toEqual([expect.stringMatching(/is left.*connection refused/)]);
  const dropped: string[] = [];
  await dropLabDatabases(folder, async (connection) => void dropped.push(connection));
  expect(dropped).toEqual([own]);
});

it('the record can hold a password: nobody else may read it', async () => {
  await ownDatabase(folder, 'mongodb://me:pw@db.example', reachable);
  expect(statSync(folder.ownDatabases).mode & 0o077).toBe(0);
});

it('records nothing on a server that does not answer: nothing can have been written there', async () => {
  await expect(ownDatabase(folder, 'mongodb://db.example', gone)).rejects.toThrow('connection refused');
  expect(existsSync(folder.ownDatabases)).toBe(false);
});

it('drops nothing where no lab had a database of its own', async () => {
  expect(await dropLabDatabases(folder, () => Promise.reject(new Error('must not be called')))).toEqual([]);
});
