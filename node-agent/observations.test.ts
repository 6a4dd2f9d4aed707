import { expect, test } from 'vitest';
import { MemoryServer, systemClock } from '#actors';
import { nodeId, type Observation } from '#machines';
import { Observations } from './observations.ts';

const n1 = nodeId('n1');

function observation(sequence: number): Observation {
  return {
    ...{ observer: n1, incarnation: 1, sequence, storageOk: true, databaseOk: true },
    ...{ slots: [{ node: n1, incarnation: 1, sequence: 7, ageMs: 0 }], beats: [] },
  };
}

function twoNodes() {
  const { bus } = new MemoryServer({ clock: systemClock, partitions: 1 });
  const signs: string[] = [];
  const refused: unknown[] = [];
  const options = { bus, clock: systemClock, onRefused: (error: unknown) => refused.push(error) };
  const sender = new Observations({ ...options, onLifeSign: () => {} });
  const receiver = new Observations({ ...options, onLifeSign: (node, sign) => signs.push(`${node}: ${sign}`) });
  return { bus, sender, receiver, signs, refused };
}

const heard = () => new Promise<void>((resolve) => setImmediate(resolve));

test('an observation takes the sign of life of its observer along, if there is one', async () => {
  const { sender, receiver, signs } = twoNodes();
  sender.publish(observation(1), undefined);
  sender.publish(observation(2), 'a life');
  await heard();
  expect(signs).toEqual(['n1: a life']);
  expect(receiver.latest.map((each) => each.observation.sequence)).toEqual([2]);
});

test('an observation that is none is refused, and brings no sign of life', async () => {
  const { bus, receiver, signs, refused } = twoNodes();
  bus.publish('observations.n1', { ...observation(1), sequence: -1, lifeSign: 'a life' });
  await heard();
  expect(refused).toHaveLength(2); // by both nodes
  expect(signs).toEqual([]);
  expect(receiver.latest).toEqual([]);
});
