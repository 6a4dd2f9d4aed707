import { expect, test } from 'vitest';
import { StreamIdentity } from './stream-identity.ts';

function identity() {
  let created = 'monday';
  let looks = 0;
  let replaced = 0;
  const made = new StreamIdentity(
    async () => {
      looks += 1;
      return { created };
    },
    { created },
  );
  made.onReplaced(() => {
    replaced += 1;
  });
  return {
    identity: made,
    looks: () => looks,
    replaced: () => replaced,
    remake: (): void => {
      created = 'tuesday';
    },
  };
}

test('whoever must be sure asks the servers; whoever asks at the same time shares the answer', async () => {
  const { identity: stream, looks } = identity();
  expect(await stream.isStill('monday', 60_000)).toBe(true);
  expect(looks()).toBe(0);
  expect(await Promise.all([stream.isStill('monday', 0), stream.isStill('monday', 0)])).toEqual([true, true]);
  expect(looks()).toBe(1);
});

test('another stream of the name is told once, and is not what was known before', async () => {
  const { identity: stream, replaced, remake } = identity();
  remake();
  expect(await stream.isStill('monday', 0)).toBe(false);
  expect(await stream.isStill('monday', 60_000)).toBe(false);
  expect(await stream.isStill('tuesday', 0)).toBe(true);
  stream.observe({ created: 'tuesday' });
  expect([replaced(), stream.created]).toEqual([1, 'tuesday']);
});
