import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cleanUp, nodePidFile, removeLabRoot } from './clean-up.ts';
import { type LabFolder, labFolder } from './lab-folder.ts';
import { bestBoxKind, startNodeBox } from './node-box.ts';
import { nodeMembers } from './node-members.ts';
import { identityOf } from './process-identity.ts';
import { recordServers } from './server-pids.ts';

let folder: LabFolder;
beforeEach(() => {
  folder = labFolder(mkdtempSync(join(tmpdir(), 'understudy-clean-')));
  mkdirSync(folder.pids);
});
afterEach(() => rmSync(folder.root, { recursive: true, force: true }));

it('ends the nodes and servers that pid files name, and removes every file a lab makes', async () => {
  const kind = await bestBoxKind();
  const box = await startNodeBox({
    kind,
    folder: folder.node('n1'),
    pidFile: nodePidFile(folder, 'n1'),
    command: ['sleep', '77'],
  });
  const server = await recordServers(folder.pids, async () => spawn('sleep', ['77'], { stdio: 'ignore' }));
  mkdirSync(folder.shared);
  writeFileSync(join(folder.shared, 'web-1.disk'), '');
  await cleanUp(folder);
  expect(nodeMembers(box.boundary)).toEqual([]);
  expect(server.pid === undefined ? undefined : identityOf(server.pid)).toBeUndefined();
  removeLabRoot(folder);
  expect(existsSync(folder.root)).toBe(false);
});

it('leaves a process alone that has the number of one that is gone, and files that no lab made', async () => {
  const stranger = spawn('sleep', ['77'], { stdio: 'ignore' });
  try {
    const { pid } = stranger;
    writeFileSync(join(folder.pids, `server-${pid}`), JSON.stringify({ pid, start: '1' }));
    writeFileSync(join(folder.root, 'notes.txt'), 'mine');
    await cleanUp(folder);
    removeLabRoot(folder);
    expect(pid === undefined ? undefined : identityOf(pid)).toBeDefined();
    expect(existsSync(join(folder.root, 'notes.txt'))).toBe(true);
  } finally {
    stranger.kill('SIGKILL');
  }
});
