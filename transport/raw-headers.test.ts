import { headers } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { rawHeaders } from './raw-headers.ts';

const encoded = (made: unknown): string =>
  // Both kinds have it; the library's type does not show it.
  Buffer.from((made as { encode(): Uint8Array }).encode()).toString();

test('the bytes are those of the client library', () => {
  const fields = { 'Nats-Batch-Id': 'abc', 'Understudy-Commit': 'host-Müller-7' };
  const theirs = headers();
  for (const [name, value] of Object.entries(fields)) theirs.set(name, value);
  expect(encoded(rawHeaders(fields))).toBe(encoded(theirs));
});

test.each(['a\nb', 'a\rb', 'a\r\nNats-Rollup: all'])('a value with a line break is refused: %j', (value) => {
  expect(() => rawHeaders({ 'Understudy-Commit': value })).toThrow(RangeError);
});
