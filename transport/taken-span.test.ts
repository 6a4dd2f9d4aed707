import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TakenSpan } from './taken-span.ts';

const MOST = 4;

/** An actor's memory: the last keys it took, the youngest last. */
function remember(memory: string[], key: string): string[] {
  return [...memory.filter((each) => each !== key), key].slice(-MOST);
}

test('an actor that remembers as many keys as the span is long never forgets one whose message may come again', () => {
  const step = fc.record({ do: fc.constantFrom('hand', 'take', 'remove'), pick: fc.nat(), key: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const span = new TakenSpan();
      const handed: string[] = [];
      const stored: string[] = [];
      let memory: string[] = [];
      for (const { do: what, pick, key } of steps) {
        const name = `vm/${key}`;
        if (what === 'hand' && (span.size < MOST || span.has(name))) {
          span.hand(name);
          handed.push(name);
        }
        if (what === 'take' && handed.length > 0) {
          // Whichever: an actor takes urgent ones first, and later what it kept while parked.
          const [taken = ''] = handed.splice(pick % handed.length, 1);
          span.take(taken);
          stored.push(taken);
          memory = remember(memory, taken);
        }
        if (what === 'remove' && stored.length > 0) {
          const [gone = ''] = stored.splice(pick % stored.length, 1);
          span.removed(gone);
        }
        expect(memory).toEqual(expect.arrayContaining(stored));
        expect(span.size).toBeLessThanOrEqual(MOST);
      }
    }),
  );
});

test('once everything is removed the span is empty', () => {
  const span = new TakenSpan();
  for (const key of ['a', 'b', 'a']) span.hand(key);
  for (const key of ['b', 'a', 'a']) span.take(key);
  expect(span.size).toBe(2);
  for (const key of ['a', 'b', 'a']) span.removed(key);
  expect([span.size, span.has('a')]).toEqual([0, false]);
});
