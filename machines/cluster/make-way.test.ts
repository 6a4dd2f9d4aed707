import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeId, type VmId, vmId } from '../ids.ts';
import type { Move } from '../placement/mod.ts';
import { wayMade, withWay } from './make-way.ts';

const move = (vm: string, ...waiters: string[]): Move => ({
  ...{ vm: vmId(vm), from: nodeId('n1'), to: nodeId('n2'), why: 'way', home: null },
  waiters: waiters.map(vmId),
});
const outcome = fc.constantFrom('runs' as const, 'stayed' as const, 'failed' as const);

test('whoever waits is told once, by the last of those who make way, and only if all of them have arrived', () => {
  const ends = fc
    .tuple(outcome, outcome, outcome)
    .chain((outcomes) => fc.shuffledSubarray([0, 1, 2], { minLength: 3 }).map((order) => ({ order, outcomes })));
  fc.assert(
    fc.property(ends, fc.boolean(), ({ order, outcomes }, isStillRoomless) => {
      const roomless = isStillRoomless ? [vmId('w')] : [];
      // Two go for w, one for somebody else.
      let makingWay = withWay({}, [move('a', 'w'), move('b', 'w'), move('c', 'x')]);
      const told: (readonly VmId[])[] = [];
      for (const index of order) {
        const vm = vmId(['a', 'b', 'c'][index] ?? '');
        const made = wayMade({ makingWay, roomless }, { type: 'settled', vm, outcome: outcomes[index] ?? 'failed' });
        makingWay = made.makingWay;
        told.push(made.told);
      }
      expect(makingWay).toEqual({});
      const haveArrived = outcomes[0] === 'runs' && outcomes[1] === 'runs';
      expect(told.flat()).toEqual(haveArrived && isStillRoomless ? ['w'] : []);
      const lastOfTheirs = Math.max(order.indexOf(0), order.indexOf(1));
      if (haveArrived && isStillRoomless) expect(told[lastOfTheirs]).toEqual(['w']);
    }),
  );
});

test('one that moves for another reason no longer makes way', () => {
  expect(withWay(withWay({}, [move('a', 'w'), move('b', 'w')]), [move('a')])).toEqual({ b: ['w'] });
});
