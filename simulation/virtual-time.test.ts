import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeededRandom } from './seeded-random.ts';
import { VirtualTime } from './virtual-time.ts';

test('everything happens in time order, ties in planning order, promises before the next event', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), async (delays) => {
      const time = new VirtualTime();
      const seen: [number, number][] = [];
      let open = 0;
      delays.forEach((delay, index) => {
        time.after(delay, () => {
          expect(open).toBe(0);
          open += 1;
          seen.push([time.now, index]);
          void Promise.resolve().then(async () => {
            await null;
            open -= 1;
          });
        });
      });
      await time.run(100, () => {});
      const wanted = delays.map((delay, index) => [delay, index] as [number, number]);
      expect(seen).toEqual(wanted.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
      expect(time.now).toBe(100);
    }),
    { numRuns: 30 },
  );
});

test('a cancelled event does not happen', async () => {
  const time = new VirtualTime();
  time.after(1, () => expect.unreachable()).cancel();
  await time.run(5, () => {});
});

test('random numbers are a function of the seed', () => {
  const draw = (seed: string) => Array.from({ length: 5 }, () => new SeededRandom(seed).int(0, 1e6));
  expect(draw('7')).toEqual(draw('7'));
  expect(draw('7')).not.toEqual(draw('8'));
});
