import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectDatabase } from '../database/mod.ts';
import { cleanUp, removeLabRoot } from './clean-up.ts';
import { labFolder, openLabRoot } from './lab-folder.ts';
import { makeDisk, startLabServices } from './lab-services.ts';

it('starts what the nodes share, and leaves no process and no file', async () => {
  const folder = labFolder(mkdtempSync(join(tmpdir(), 'understudy-lab-')));
  openLabRoot(folder);
  const steps: string[] = [];
  try {
    const services = await startLabServices(folder, { nodes: 3, vms: 4 }, (line) => steps.push(line));
    await makeDisk(folder, 'web-1');
    const database = await connectDatabase(services.database);
    await database.beat('n1');
    expect((await database.beats()).get('n1')).toBe(1);
    await database.close();
    expect(services.nats).toHaveLength(3);
    expect(steps).toContain('starting three nats-servers');
  } finally {
    await cleanUp(folder);
  }
  removeLabRoot(folder);
  expect(existsSync(folder.root)).toBe(false);
});
