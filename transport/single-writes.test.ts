import { expect, test } from 'vitest';
import { GroupCommit } from './group-commit.ts';
import { WRITES_AT_ONCE } from './single-writes.ts';

test('of a thousand single writes some are sent at once, the others in order as these are answered', async () => {
  const sent: string[] = [];
  const answers: (() => void)[] = [];
  const connection = {
    request: (subject: string) =>
      new Promise((resolve) => {
        sent.push(subject);
        const seq = sent.length;
        answers.push(() => resolve({ json: () => ({ seq }) }));
      }),
  };
  // Only `request` is used.
  const options = { atomic: false, timeoutMs: 1_000, inFlight: 6, batchMessages: 150 };
  const group = new GroupCommit(() => connection as never, options);
  const subjects = Array.from({ length: 1_000 }, (_, i) => `s.${i}`);
  const written = Promise.all(subjects.map((subject) => group.write([{ subject, data: new Uint8Array(1) }])));
  expect(sent).toHaveLength(WRITES_AT_ONCE);
  answers.shift()?.();
  await expect.poll(() => sent.length).toBe(WRITES_AT_ONCE + 1);
  for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) {
    answer();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await written).toEqual(subjects.map((_, i) => i + 1));
  expect(sent).toEqual(subjects);
});
