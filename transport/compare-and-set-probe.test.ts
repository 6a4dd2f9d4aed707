import { expect, test } from 'vitest';
import { type ConditionalWrite, probeCompareAndSet } from './compare-and-set-probe.ts';

/** A store that compares first and writes later, as servers did that let two writers win. */
function faultyStore(): ConditionalWrite {
  let last = 0;
  return async (expected) => {
    if (last !== expected) return undefined;
    await Promise.resolve();
    last += 1;
    return last;
  };
}

function soundStore(): ConditionalWrite {
  let last = 0;
  return async (expected) => {
    if (last !== expected) return undefined;
    last += 1;
    return last;
  };
}

test('a store where two writers win one race is refused with the evidence', async () => {
  await expect(probeCompareAndSet(faultyStore(), 20, 8)).rejects.toMatchObject({
    code: 'UNSAFE_COMPARE_AND_SET',
    message: '8 of 8 writers won the same compare-and-set (round 0)',
  });
});

test('a sound store passes', async () => {
  await expect(probeCompareAndSet(soundStore(), 20, 8)).resolves.toBeUndefined();
});

test('a store nobody can write to is refused, not waited for without end', async () => {
  await expect(probeCompareAndSet(async () => undefined, 5, 8)).rejects.toMatchObject({
    code: 'UNSAFE_COMPARE_AND_SET',
  });
});
