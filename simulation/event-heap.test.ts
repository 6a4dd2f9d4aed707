import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventHeap, type PlannedEvent } from './event-heap.ts';

test('what is not cancelled comes out by instant, then by order of planning, however much was cancelled', () => {
  const plan = fc.record({ at: fc.nat(50), cancel: fc.boolean() });
  fc.assert(
    fc.property(fc.array(plan, { maxLength: 2000, size: 'max' }), (plans) => {
      const heap = new EventHeap();
      const happened: number[] = [];
      plans.forEach(({ at, cancel }, index) => {
        const event = heap.add(at, () => happened.push(index));
        if (cancel) event.cancel();
      });
      for (let next = heap.takeUntil(50); next !== undefined; next = heap.takeUntil(50)) next.happen();
      const wanted = plans.map(({ at, cancel }, index) => ({ at, cancel, index })).filter(({ cancel }) => !cancel);
      expect(happened).toEqual(wanted.sort((a, b) => a.at - b.at || a.index - b.index).map(({ index }) => index));
    }),
    { numRuns: 50 },
  );
});

test('cancelled events take no lasting room', () => {
  const heap = new EventHeap();
  for (let i = 0; i < 10_000; i += 1) heap.add(5000, () => {}).cancel();
  expect(heap.size).toBeLessThan(1000);
});

test('to cancel what happened, or to cancel twice, changes nothing', () => {
  const heap = new EventHeap();
  const take = (): PlannedEvent | undefined => heap.takeUntil(10);
  const first = heap.add(1, () => {});
  take()?.happen();
  first.cancel();
  const second = heap.add(2, () => {});
  second.cancel();
  second.cancel();
  expect(heap.cancelled).toBe(1);
  expect(take()).toBeUndefined();
  expect(heap.cancelled).toBe(0);
});
