import { expect, test } from 'vitest';
import { TransportUnavailable } from '#actors';
import { ServerTooOld } from './errors.ts';
import { untilAnswered } from './until-answered.ts';

const open = (): boolean => false;

test('a read is repeated until it is answered, also after an error of the client library', async () => {
  let calls = 0;
  const answer = await untilAnswered(10_000, open, async () => {
    calls += 1;
    if (calls === 1) throw new TransportUnavailable('no leader');
    if (calls === 2) throw new Error('timeout');
    return calls;
  });
  expect(answer).toBe(3);
});

test.each([
  ['the deadline is over', 0, open, new TransportUnavailable('no leader'), 'TRANSPORT_UNAVAILABLE'],
  ['the transport was closed', 10_000, () => true, new TransportUnavailable('no leader'), 'TRANSPORT_UNAVAILABLE'],
  ['the error is terminal', 10_000, open, new ServerTooOld('2.9'), 'SERVER_TOO_OLD'],
])('it ends with the error when %s', async (_when, deadlineMs, closed, error, code) => {
  let calls = 0;
  const read = async (): Promise<never> => {
    calls += 1;
    throw error;
  };
  await expect(untilAnswered(deadlineMs, closed, read)).rejects.toMatchObject({ code });
  expect(calls).toBe(1);
});
