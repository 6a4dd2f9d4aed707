import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePack, encodePack, MOST_LETTERS, positionIn } from './pack.ts';

const letter = fc.record({
  partition: fc.nat(1_023),
  data: fc.uint8Array({ maxLength: 40 }),
  subject: fc.constant(''),
});

test('a pack gives back the letters that were put in, in order', () => {
  fc.assert(
    fc.property(fc.array(letter, { maxLength: 40 }), (letters) => {
      const back = decodePack(encodePack(letters));
      expect(back?.map(({ partition, data }) => [partition, [...data]])).toEqual(
        letters.map(({ partition, data }) => [partition, [...data]]),
      );
      expect(back?.map(({ index }) => index)).toEqual(letters.map((_, at) => at));
    }),
  );
});

test('what is no pack is told from one, also one cut short or grown', () => {
  const pack = encodePack([{ partition: 1, data: Buffer.from('{"a":1}'), subject: '' }]);
  const broken = [
    ...['', 'x', '{}\n', '[[1]]\nx', '[[1,-1]]\n', '[[1,"7"]]\n{"a":1}', '[[1.5,7]]\n{"a":1}'].map((text) =>
      Buffer.from(text),
    ),
    pack.subarray(0, -1),
    Buffer.concat([pack, Buffer.from(' ')]),
  ];
  for (const data of broken) expect(decodePack(data), Buffer.from(data).toString()).toBeUndefined();
});

test('positions of letters rise, and lie between those of their pack and of the next message', () => {
  const sequence = 2 ** 42 - 2;
  const positions = Array.from({ length: MOST_LETTERS }, (_, index) => positionIn(sequence, index));
  expect(positions[0]).toBe(sequence);
  expect(positions.every((position, at) => at === 0 || position > (positions[at - 1] ?? 0))).toBe(true);
  expect(positions.at(-1)).toBeLessThan(sequence + 1);
});
