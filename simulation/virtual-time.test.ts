import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeededRandom } from './seeded-random.ts';
import { TimeStandsStill } from './standstill.ts';
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

/** What a run over ten seconds rejects with, when what `begin` plans goes on for ever. */
async function endOf(begin: (time: VirtualTime) => void): Promise<unknown> {
  const time = new VirtualTime(2000);
  begin(time);
  return await time
    .run(10_000, () => {})
    .then(
      () => 'it ended',
      (error: unknown) => error,
    );
}

test('an event that plans itself again for the same instant ends the run, with the instant and the planner', async () => {
  const error = await endOf((time) => {
    const armsItselfAgain = () => void time.after(0, armsItselfAgain);
    time.after(2500, armsItselfAgain);
  });
  expect(error).toBeInstanceOf(TimeStandsStill);
  expect(error).toMatchObject({ code: 'TIME_STANDS_STILL', atMs: 2500 });
  expect(String(error)).toContain('3001 events from 2.5 s to 2.5 s');
  expect(String(error)).toContain('armsItselfAgain');
});

test('so does one that plans itself for the next microsecond, and one from a promise; not one that is only frequent', async () => {
  const soon = await endOf((time) => {
    const again = () => void time.after(0.001, again);
    again();
  });
  expect(soon).toMatchObject({ code: 'TIME_STANDS_STILL', atMs: 3.001 });
  const promised = await endOf((time) => {
    const again = async () => {
      await null;
      time.after(0, () => void again());
    };
    time.after(1, () => void again());
  });
  expect(promised).toMatchObject({ code: 'TIME_STANDS_STILL', atMs: 1 });
  const frequent = await endOf((time) => {
    const again = () => void time.after(1, again);
    again();
  });
  expect(frequent).toBe('it ended');
});

test('random numbers are a function of the seed', () => {
  const draw = (seed: string) => Array.from({ length: 5 }, () => new SeededRandom(seed).int(0, 1e6));
  expect(draw('7')).toEqual(draw('7'));
  expect(draw('7')).not.toEqual(draw('8'));
});
