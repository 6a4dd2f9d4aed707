import { expect, test } from 'vitest';
import { nodeId } from '#machines';
import { openFence } from './fence.ts';
import type { SimHost } from './host.ts';
import { testWorld } from './test-world.ts';

function setUp(kind: 'confirming' | 'broken', takesMs: number, answers = true) {
  const world = testWorld(['n1', 'n2']);
  const cuts: number[] = [];
  const options = {
    ...{ kind, mood: { takesMs, answers }, time: world.time, incarnationOf: () => 1 },
    find: (name: string) => world.hosts.find((host) => host.name === name),
    cutPower: (host: SimHost) => {
      cuts.push(world.time.now);
      host.powerOff();
    },
    givePower: (host: SimHost) => host.powerOn(),
  };
  return { ...world, cuts, fence: openFence(options, world.host('n1').startProcess()) };
}

test('one that works cuts the power, then confirms', async () => {
  const { fence, drive, cuts, host } = setUp('confirming', 1000);
  expect(await drive(fence.fence(nodeId('n2'), 1))).toMatchObject({ outcome: 'confirmed' });
  expect(cuts).toEqual([1000]);
  expect(host('n2').powered).toBe(false);
});

test('it says whether it took the power, and gives it back when asked', async () => {
  const { fence, drive, host } = setUp('confirming', 1000);
  expect(await drive(fence.fence(nodeId('n2'), 1))).toMatchObject({ cut: true });
  expect(await drive(fence.fence(nodeId('n2'), 1))).toMatchObject({ cut: false });
  await drive(fence.powerOn?.(nodeId('n2')) ?? Promise.reject(new Error('it cannot')));
  expect(host('n2').powered).toBe(true);
});

test('a late one is answered for with failed, and cuts the power all the same', async () => {
  const { fence, drive, cuts, pass } = setUp('confirming', 25_000);
  expect(await drive(fence.fence(nodeId('n2'), 1))).toMatchObject({ outcome: 'failed' });
  expect(cuts).toEqual([]);
  await pass(30_000);
  expect(cuts).toEqual([25_000]);
});

test('one that never answers, or is broken, or cannot be reached, does not confirm', async () => {
  const silent = setUp('confirming', 1000, false);
  expect(await silent.drive(silent.fence.fence(nodeId('n2'), 1))).toMatchObject({ outcome: 'failed' });
  expect(silent.cuts).toEqual([1000]);
  const broken = setUp('broken', 1000);
  expect(await broken.drive(broken.fence.fence(nodeId('n2'), 1))).toMatchObject({ outcome: 'failed' });
  expect(broken.cuts).toEqual([]);
  const cut = setUp('confirming', 1000);
  cut.host('n1').links.management = false;
  expect(await cut.drive(cut.fence.fence(nodeId('n2'), 1))).toMatchObject({ outcome: 'failed' });
});
