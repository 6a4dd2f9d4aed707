import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { payAnOrder } from './order.ts';

test('the example of the documentation runs', async () => {
  expect(await payAnOrder(() => 0.5)).toEqual({ shipped: ['order/1'], receipt: '499 cents, order/1#1.0' });
});

test('the documentation shows the example on JetStream as it is; the tests of the transport run it', async () => {
  const example = await readFile(new URL('../../docs/examples/counter-on-jetstream.ts', import.meta.url), 'utf8');
  expect(await readFile(new URL('../../docs/actors.md', import.meta.url), 'utf8')).toContain(example);
});

test('the documentation shows the example as it is', async () => {
  const example = await readFile(new URL('./order.ts', import.meta.url), 'utf8');
  expect(await readFile(new URL('../../docs/actors.md', import.meta.url), 'utf8')).toContain(example);
});
