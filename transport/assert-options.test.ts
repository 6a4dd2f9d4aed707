import { expect, test } from 'vitest';
import { assertOptions } from './assert-options.ts';

test.each([
  ['text for a list of servers', { servers: 'nats://127.0.0.1:4222' }, /servers is no list of addresses: want/],
  ['numbers for servers', { servers: [4222] }, /servers is no list of addresses/],
  ['no server', { servers: [] }, /servers is empty/],
  ['a name that is none', { replica: 3 }, /replica is no setting: there are servers, name, stream, /],
  ['a stream that names no subject', { stream: 'a.b' }, /stream "a\.b": want/],
])('settings are refused before any server is asked: %s', (_what, wrong, message) => {
  const options = { servers: ['nats://127.0.0.1:1'], name: 'test', ...wrong };
  expect(() => assertOptions(options as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_SETTINGS', message: expect.stringMatching(message) }),
  );
});
