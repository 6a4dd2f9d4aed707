import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectControl } from './control-client.ts';
import { type ControlServer, startControlServer } from './control-server.ts';
import { LabError } from './lab-error.ts';
import { type LabControl, labVerbs } from './lab-verbs.ts';
import { PeerGone } from './line-peer.ts';

let folder: string;
let server: ControlServer;
let done: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-verbs-'));
  done = [];
  const note = async (text: string): Promise<void> => void done.push(text);
  const lab: LabControl = {
    powerOff: (node) => note(`off ${node}`),
    powerOn: async (node) => {
      throw new LabError(`no node ${node}`);
    },
    killVm: () => new Promise(() => undefined),
    guestShutdown: (vm) => note(`shutdown ${vm}`),
    fence: (node, incarnation) => note(`fence ${node} ${incarnation}`),
    status: () => ({ parts: {}, nodes: [], vms: [], events: [] }),
    down: () => void done.push('down'),
  };
  server = await startControlServer(join(folder, 'control.sock'), labVerbs(lab));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

it('carries requests to the lab, and its answers and errors back', async () => {
  const peer = await connectControl(join(folder, 'control.sock'));
  await peer.request('power-off', { node: 'n1' }, 1000);
  await peer.request('fence', { node: 'n2', incarnation: 3 }, 1000);
  expect(done).toEqual(['off n1', 'fence n2 3']);
  expect(await peer.request('status', {}, 1000)).toEqual({ parts: {}, nodes: [], vms: [], events: [] });
  await expect(peer.request('power-on', { node: 'n9' }, 1000)).rejects.toThrow(LabError);
  await expect(peer.request('toString', {}, 1000)).rejects.toThrow(LabError);
  await expect(peer.request('power-off', {}, 1000)).rejects.toThrow(/node/);
  peer.close();
});

it('does not hang on a silent lab, nor on one that ends', async () => {
  const peer = await connectControl(join(folder, 'control.sock'));
  await expect(peer.request('kill-vm', { vm: 'web-1' }, 20)).rejects.toThrow(PeerGone);
  const asked = expect(peer.request('kill-vm', { vm: 'web-1' }, 5000)).rejects.toThrow(PeerGone);
  await server.close();
  await asked;
});

it('says how to start a lab when none runs', async () => {
  await expect(connectControl(join(folder, 'nowhere.sock'))).rejects.toThrow('npm run lab');
});
