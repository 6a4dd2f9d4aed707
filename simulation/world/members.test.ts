import { expect, test } from 'vitest';
import { nodeId } from '#machines';
import { testWorld } from './test-world.ts';

const names = ['n1', 'n2', 'n3', 'n4'];

test('a minority serves nobody, a majority everybody that reaches its leader', async () => {
  const { host, network, members, pass } = testWorld(names);
  const service = members(true);
  expect(service.serves(host('n4'))).toBe(true);
  network.partition([['n1', 'n4'].map(nodeId), ['n2', 'n3'].map(nodeId)]);
  expect(service.serves(host('n4'))).toBe(false);
  await pass(3000);
  service.serves(host('n2'));
  await pass(3000);
  expect(service.serves(host('n2'))).toBe(true);
  expect(service.serves(host('n4'))).toBe(false);
});

test('when the leader goes nobody is served until an election ended, and the term is a new one', async () => {
  const { host, members, pass } = testWorld(names);
  const service = members(true);
  const { leader, term } = service;
  service.dethrone();
  expect(service.serves(host('n4'))).toBe(false);
  expect(service.leader).toBeUndefined();
  await pass(2001);
  expect(service.serves(host('n4'))).toBe(true);
  expect(service.term).toBe(term + 1);
  expect(leader).toBeDefined();
});

test('a stopped member and a stalled host do not count', async () => {
  const { host, members, pass } = testWorld(names);
  const service = members(true);
  service.setStopped(nodeId('n1'), true);
  host('n2').pause();
  await pass(5000);
  expect(service.serves(host('n4'))).toBe(false);
  host('n2').resume();
  service.serves(host('n4'));
  await pass(5000);
  expect(service.serves(host('n4'))).toBe(true);
});

test('clients of a database must reach the leader itself, those of messaging any member', () => {
  const { host, network, members } = testWorld(names);
  const [messaging, database] = [members(true), members(false)];
  network.cutOneWay(nodeId('n1'), nodeId('n4'), true);
  expect(messaging.serves(host('n4'))).toBe(true);
  expect(database.serves(host('n4'))).toBe(false);
  expect(database.serves(host('n3'))).toBe(true);
});

test('who only watches changes nothing: an election begins and ends as if nobody had', async () => {
  const watched = async (watch: boolean) => {
    const { host, network, members, pass, time } = testWorld(names);
    const service = members(true);
    network.partition([['n1'].map(nodeId), ['n2', 'n3', 'n4'].map(nodeId)]);
    for (let i = 0; i < 30; i += 1) {
      if (watch) service.isServing(host('n4'));
      await pass(100);
    }
    const begins = time.now;
    while (!service.serves(host('n4'))) await pass(10);
    return time.now - begins;
  };
  expect(await watched(true)).toBe(await watched(false));
  const { host, members } = testWorld(names);
  const service = members(true);
  expect(service.isServing(host('n4'))).toBe(true);
  service.dethrone();
  expect(service.isServing(host('n4'))).toBe(false);
});
