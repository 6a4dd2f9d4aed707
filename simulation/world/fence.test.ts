import { expect, test } from 'vitest';
import { nodeId } from '#machines';
import { type FenceLie, openFence } from './fence.ts';
import type { SimHost } from './host.ts';
import { testWorld } from './test-world.ts';

function setUp(kind: 'confirming' | 'broken', takesMs: number, answers = true, lie?: FenceLie) {
  const world = testWorld(['n1', 'n2', 'n3']);
  const cuts: number[] = [];
  const options = {
    ...{ kind, mood: { takesMs, answers }, time: world.time, incarnationOf: () => 1 },
    lies: new Map(lie === undefined ? [] : [['n2', lie]]),
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

const lying = (lie: FenceLie) => setUp('confirming', 1000, true, lie);

test('one whose relay is dead confirms that it took the power, and never takes it', async () => {
  const { fence, drive, cuts, pass } = lying({});
  expect(await drive(fence.fence(nodeId('n2'), 1))).toMatchObject({ outcome: 'confirmed', cut: true });
  await pass(600_000);
  expect(cuts).toEqual([]);
});

test('one that confirms first and acts late takes the power then, whatever boot of the host it meets', async () => {
  const { fence, drive, cuts, pass, host } = lying({ actsAfterMs: 7000 });
  expect(await drive(fence.fence(nodeId('n2'), 1))).toMatchObject({ outcome: 'confirmed', cut: true });
  expect(cuts).toEqual([]);
  host('n2').powerOff();
  host('n2').powerOn();
  await pass(7000);
  expect(cuts).toEqual([8000]);
});

test('one whose plug is that of another host takes that host its power, and gives it back', async () => {
  const { fence, drive, host, pass } = lying({ plugOf: 'n3' });
  expect(await drive(fence.fence(nodeId('n2'), 1))).toMatchObject({ outcome: 'confirmed', cut: true });
  await pass(1);
  expect([host('n2').powered, host('n3').powered]).toEqual([true, false]);
  await drive(fence.powerOn?.(nodeId('n2')) ?? Promise.reject(new Error('it cannot')));
  expect(host('n3').powered).toBe(true);
});

test('a lie about one host changes nothing for the others', async () => {
  const { fence, drive, host } = lying({});
  expect(await drive(fence.fence(nodeId('n3'), 1))).toMatchObject({ outcome: 'confirmed', cut: true });
  expect(host('n3').powered).toBe(false);
});
