import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventHeap, PlannedEvent } from './event-heap.ts';

class Note extends PlannedEvent {
  readonly #happened: () => void;

  constructor(happened: () => void) {
    super();
    this.#happened = happened;
  }

  happen(): void {
    this.#happened();
  }
}

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

test('deadlines in lines happen exactly as if each were planned alone', () => {
  const step = fc.record({
    waitMs: fc.nat(4),
    delayMs: fc.constantFrom(0, 3, 5, 40),
    cancel: fc.nat(9),
    inLine: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 1500, size: 'max' }), (steps) => {
      const play = (lines: boolean): string[] => {
        const heap = new EventHeap();
        const seen: string[] = [];
        const planned: PlannedEvent[] = [];
        let now = 0;
        const until = (end: number) => {
          for (let next = heap.takeUntil(end); next !== undefined; next = heap.takeUntil(end)) {
            now = next.at;
            next.happen();
          }
          now = end;
        };
        steps.forEach(({ waitMs, delayMs, cancel, inLine }, index) => {
          until(now + waitMs);
          const event = new Note(() => seen.push(`${index} at ${now}`));
          planned.push(event);
          if (lines && inLine) heap.planInLine(now + delayMs, event, delayMs);
          else heap.plan(now + delayMs, event);
          if (cancel > 2) planned[index - (cancel - 3)]?.cancel();
        });
        until(now + 100);
        expect(heap.size).toBe(0);
        expect(heap.cancelled).toBe(0);
        return seen;
      };
      expect(play(true)).toEqual(play(false));
    }),
    { numRuns: 50 },
  );
});

test('cancelled deadlines take no room in the heap', () => {
  const heap = new EventHeap();
  for (let now = 0; now < 20_000; now += 1) {
    const event = new Note(() => {});
    heap.planInLine(now + 3000, event, 3000);
    event.cancel();
    heap.takeUntil(now);
    expect(heap.size).toBeLessThan(3);
  }
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
