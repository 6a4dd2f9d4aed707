import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeId } from '#machines';
import { type ControlServer, startControlServer } from './control-server.ts';
import { LabFence } from './lab-fence.ts';
import { bestBoxKind, startNodeBox } from './node-box.ts';
import { nodeMembers } from './node-members.ts';
import { NodePower, type PowerEvent } from './node-power.ts';
import { signalProcess } from './process-identity.ts';

let folder: string;
let power: NodePower;
let server: ControlServer;
let events: PowerEvent[];
const kind = await bestBoxKind();
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-power-'));
  events = [];
  const boot = (node: string) =>
    startNodeBox({ kind, folder: join(folder, node), pidFile: join(folder, `${node}.pid`), command: ['sleep', '77'] });
  power = new NodePower(['n1', 'n2'], boot, (event) => events.push(event));
  server = await startControlServer(join(folder, 'control.sock'), async (verb) => {
    if (verb !== 'fence') throw new Error(verb);
    await power.off('n1');
  });
});
afterEach(async () => {
  await server.close();
  await power.allOff();
  rmSync(folder, { recursive: true });
});

it('confirms a fence only once no process of the node is left', async () => {
  await power.on('n1');
  const boundary = power.boundary('n1');
  expect(await new LabFence(join(folder, 'control.sock')).fence(nodeId('n1'), 1)).toMatchObject({
    outcome: 'confirmed',
  });
  expect(boundary === undefined ? undefined : nodeMembers(boundary)).toEqual([]);
  expect(power.isOn('n1')).toBe(false);
});

it('does not confirm a fence when nobody answers', async () => {
  expect(await new LabFence(join(folder, 'nowhere.sock')).fence(nodeId('n1'), 1)).toMatchObject({ outcome: 'failed' });
});

it('boots a node again that ended by itself', async () => {
  await power.on('n1');
  const boundary = power.boundary('n1');
  for (const member of boundary === undefined ? [] : nodeMembers(boundary)) signalProcess(member, 'SIGKILL');
  while (events.length < 3) await delay(5);
  expect(events.map(({ what, why }) => `${what}: ${why}`)).toEqual([
    'power-on: the power switch',
    expect.stringContaining('reset: its first process ended'),
    'power-on: after its reset',
  ]);
});

it('names the nodes there are when asked for another', async () => {
  await expect((async () => power.on('n9'))()).rejects.toThrow('no node "n9" in this lab: it has n1, n2');
});
