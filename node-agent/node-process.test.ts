import { expect, test } from 'vitest';
import { TestCluster } from './test-cluster.ts';

test('T1: after a power cut the VM runs on another node, once, and not before the bound', async () => {
  const cluster = await TestCluster.start(['n1', 'n2', 'n3']);
  await cluster.run('web', 'n1');
  cluster.host('n1').powerOff();
  const bound = cluster.timings.takeoverBoundMs;
  await cluster.forMs(bound * 0.9);
  expect(cluster.runningOn('web')).toEqual([]);
  await cluster.forMs(bound * 0.5);
  expect(cluster.runningOn('web')).toEqual(['n2']);
  cluster.stop();
});

test('T7: a killed QEMU is started again on its host', async () => {
  const cluster = await TestCluster.start(['n1', 'n2', 'n3']);
  await cluster.run('web', 'n1');
  cluster.host('n1').end('web', 'crashed');
  await cluster.forMs(5000);
  expect(cluster.runningOn('web')).toEqual(['n1']);
  cluster.stop();
});

test('T7b: a guest that shuts itself down stays off and is recorded stopped', async () => {
  const cluster = await TestCluster.start(['n1', 'n2', 'n3']);
  await cluster.run('web', 'n1');
  cluster.host('n1').end('web', 'guest-shutdown');
  await cluster.forMs(10_000);
  expect(cluster.runningOn('web')).toEqual([]);
  expect(await cluster.recorded('web')).toBe('stopped');
  cluster.stop();
});

test('B1, B2, B9: without storage it suspends, says so, and another node starts the VM before the bound', async () => {
  const cluster = await TestCluster.start(['n1', 'n2', 'n3']);
  await cluster.run('web', 'n1');
  cluster.host('n1').storageUp = false;
  await cluster.forMs(cluster.timings.guardianDeadlineMs + 8000);
  expect(cluster.runningOn('web')).toEqual(['n2']);
  cluster.host('n1').storageUp = true;
  await cluster.forMs(20_000);
  expect(cluster.host('n1').copies.has('web')).toBe(false);
  cluster.stop();
});

test('B3: storage gone for all suspends everywhere, reschedules nothing, and resumes where it was', async () => {
  const cluster = await TestCluster.start(['n1', 'n2', 'n3']);
  await cluster.run('web', 'n1');
  cluster.storageUp = false;
  await cluster.forMs(cluster.timings.takeoverBoundMs * 2);
  expect(cluster.host('n1').copies.get('web')?.state).toBe('suspended');
  cluster.storageUp = true;
  await cluster.forMs(30_000);
  expect(cluster.runningOn('web')).toEqual(['n1']);
  cluster.stop();
});
