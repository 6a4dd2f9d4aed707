import { expect, test } from 'vitest';
import { nodeId } from '#machines';
import { SimNetwork } from './network.ts';
import { testWorld } from './test-world.ts';

test('a one-way cut stops one direction only, and so any conversation', () => {
  const { host, network } = testWorld(['n1', 'n2']);
  network.cutOneWay(nodeId('n1'), nodeId('n2'), true);
  expect(network.passes(host('n1'), host('n2'))).toBe(false);
  expect(network.passes(host('n2'), host('n1'))).toBe(true);
  expect(network.connected(host('n2'), host('n1'))).toBe(false);
  network.cutOneWay(nodeId('n1'), nodeId('n2'), false);
  expect(network.connected(host('n2'), host('n1'))).toBe(true);
});

test('a bad link delays, loses and doubles what passes it, and a stream over it is late instead of broken', () => {
  const { host, network } = testWorld(['n1', 'n2']);
  network.setLink(nodeId('n1'), { delayMs: 100, jitterMs: 50, lossPercent: 60, duplicatePercent: 30 });
  const [bad, good] = [host('n1'), host('n2')];
  const share = (happens: () => boolean) => Array.from({ length: 2000 }, happens).filter(Boolean).length / 2000;
  expect(network.delay(bad)).toBeGreaterThanOrEqual(101);
  expect(network.delay(good)).toBe(1);
  expect(share(() => network.loses(bad))).toBeCloseTo(0.6, 1);
  expect(share(() => network.duplicates(bad))).toBeCloseTo(0.3, 1);
  expect(network.loses(good)).toBe(false);
  expect(Math.max(...Array.from({ length: 200 }, () => network.streamDelay(bad)))).toBeGreaterThan(1000);
  network.setLink(nodeId('n1'), undefined);
  expect(network.delay(bad)).toBe(1);
});

test('the VM network has cables, cuts and bad links of its own', () => {
  const { host, hosts, random, network: management } = testWorld(['n1', 'n2']);
  const quality = { delayMs: 1, jitterMs: 0, lossPercent: 0, duplicatePercent: 0 };
  const vmNetwork = new SimNetwork(quality, random, 'vmNetwork');
  const [n1, n2] = [host('n1'), host('n2')];
  for (const each of hosts) expect(vmNetwork.passes(each, n2)).toBe(true);
  vmNetwork.cutOneWay(n1.name, n2.name, true);
  expect([vmNetwork.passes(n1, n2), vmNetwork.passes(n2, n1), management.passes(n1, n2)]).toEqual([false, true, true]);
  n2.links.vmNetwork = false;
  expect([vmNetwork.passes(n2, n1), management.passes(n2, n1)]).toEqual([false, true]);
  vmNetwork.setLink(n1.name, { ...quality, delayMs: 50 });
  expect([vmNetwork.delay(n1), management.delay(n1)]).toEqual([51, 1]);
});

test('who is in no group of a partition is alone', () => {
  const { host, network } = testWorld(['n1', 'n2', 'n3']);
  network.partition([[nodeId('n1'), nodeId('n2')]]);
  expect(network.connected(host('n1'), host('n2'))).toBe(true);
  expect(network.connected(host('n3'), host('n1'))).toBe(false);
  network.heal();
  expect(network.connected(host('n3'), host('n1'))).toBe(true);
});

test('bad links hold up what two hosts send each other over a stream, and good ones cost nothing', () => {
  const { host, network } = testWorld(['n1', 'n2']);
  const [bad, good] = [host('n1'), host('n2')];
  expect(network.streamDelayOfBadLinks(bad, good)).toBe(0);
  network.setLink(bad.name, { delayMs: 100, jitterMs: 0, lossPercent: 50, duplicatePercent: 0 });
  const ways = Array.from({ length: 200 }, () => network.streamDelayOfBadLinks(good, bad));
  expect(Math.min(...ways)).toBe(100);
  expect(Math.max(...ways)).toBeGreaterThan(1000);
});
