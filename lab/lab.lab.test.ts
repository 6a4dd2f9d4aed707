import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { busiestNode, notExactlyOnce } from './demo.ts';
import { cutAndFollow } from './failover.ts';
import { Lab } from './lab.ts';
import { labFolder } from './lab-folder.ts';
import { defaultPlan } from './lab-plan.ts';
import type { LabLogEntry } from './node-report.ts';
import { untilCalm } from './until-calm.ts';

const root = mkdtempSync(join(tmpdir(), 'us-'));
const lab = new Lab({ folder: labFolder(root), plan: defaultPlan(), say: (line) => console.log(line) });

beforeAll(async () => {
  await lab.start();
  await lab.startVms();
  const { guests } = lab.status().parts;
  if (guests?.startsWith('SIMULATED')) console.warn(`!! FELL BACK: ${guests}`);
});
afterAll(async () => {
  await lab.end();
  expect(existsSync(root)).toBe(false);
});

const vm = (name: string) => lab.status().vms.find((one) => one.vm === name);

async function allHealthy(): Promise<void> {
  await Promise.all(lab.nodes.map((node) => lab.powerOn(node)));
  await untilCalm(lab, lab.nodes);
}

/** Resolves with the first entry that fits, from now on. */
function heard(fits: (entry: LabLogEntry) => boolean): Promise<LabLogEntry> {
  return new Promise((resolve) => {
    const leave = lab.watch.subscribe((entry) => {
      if (!fits(entry)) return;
      leave();
      resolve(entry);
    });
  });
}

it('restarts a killed QEMU at once, where it ran (T7)', async () => {
  const { node, epoch } = vm('db-1') ?? {};
  const started = heard(({ what, vm: of }) => what === 'start' && of === 'db-1');
  await lab.killVm('db-1');
  expect((await started).node).toBe(node);
  while (vm('db-1')?.actual !== 'running') await delay(50);
  expect(vm('db-1')).toMatchObject({ recorded: 'running', node, epoch: (epoch ?? 0) + 1 });
});

it('leaves a guest alone that shut itself down, records it as stopped (T7b), also when its node fails', async () => {
  await lab.guestShutdown('db-2');
  while (vm('db-2')?.recorded !== 'stopped') await delay(50);
  const restarts: LabLogEntry[] = [];
  const leave = lab.watch.subscribe((entry) => {
    if (entry.vm === 'db-2' && (entry.what === 'start' || entry.what === 'trigger')) restarts.push(entry);
  });
  const recovered = heard(({ what, about }) => what === 'trigger' && about === 'n3');
  await lab.powerOff('n3');
  await recovered;
  const back = heard(({ what, node }) => what === 'start' && node === 'n3');
  await lab.powerOn('n3');
  await back;
  leave();
  expect(restarts).toEqual([]);
  expect(vm('db-2')?.recorded).toBe('stopped');
  expect(vm('db-2')?.actual).toMatch(/^(off|none)$/); // the host still knows it, or no longer
});

it('brings every VM of a node that lost its power back elsewhere, exactly once (T1, G1, G2)', async () => {
  const node = busiestNode(lab.status());
  const before = lab.status().vms.filter((one) => one.node === node && one.actual === 'running');
  const failovers = await cutAndFollow(lab, node);
  expect(failovers.map((one) => one.vm).sort()).toEqual(before.map((one) => one.vm).sort());
  expect(failovers.filter(({ to }) => to === node)).toEqual([]);
  expect(await notExactlyOnce(lab, failovers)).toEqual([]);
  expect(await lab.checkWitness()).toEqual([]);
});

it('brings the VMs of a node that stands still back elsewhere; when it would go on, nothing of it is left (G2)', async () => {
  await allHealthy();
  const node = busiestNode(lab.status());
  const lost = lab.status().vms.filter((one) => one.node === node && one.actual === 'running');
  const back = lost.map((one) =>
    heard(({ what, vm: of, node: on }) => what === 'start' && of === one.vm && on !== node),
  );
  const paused = lab.faults.pause(node, 15);
  await Promise.all([...back, paused]);
  expect(lab.status().nodes.find((one) => one.node === node)?.power).toBe('off');
  expect(await lab.checkWitness()).toEqual([]);
});

it('resets nodes that all stand still, so that nobody is left to fence them, by their watchdogs (G2)', async () => {
  await allHealthy();
  const before = lab.status().vms.filter((one) => one.actual === 'running');
  const resets = lab.nodes.map((name) => heard(({ what, node }) => what === 'reset' && node === name));
  const back = before.map((one) => heard(({ what, vm: of }) => what === 'start' && of === one.vm));
  const paused = lab.nodes.map((name) => lab.faults.pause(name, 25));
  for (const { why } of await Promise.all(resets)) expect(why).toMatch(/hardware watchdog/);
  await Promise.all([...back, ...paused]);
  expect(before.length).toBeGreaterThan(0);
  expect(await lab.checkWitness()).toEqual([]);
});
