import { expect, test } from 'vitest';
import { copyState, shutdownBy } from './copy-state.ts';
import { leaseEpoch, leaseMetadata } from './domain-xml.ts';

test.each([
  ['running', 1, 1, undefined, { state: 'running' }],
  ['starting', 3, 11, undefined, { state: 'running' }],
  ['suspended by a migration, which resumes it when it fails', 3, 2, undefined, { state: 'running' }],
  ['suspended while it is saved', 3, 3, undefined, { state: 'running' }],
  ['suspended while a snapshot is taken', 3, 9, undefined, { state: 'running' }],
  ['suspended, nobody knows why', 3, 0, undefined, { state: 'running' }],
  ['stopped by its own watchdog', 3, 6, undefined, { state: 'suspended' }],
  ['suspended', 3, 1, undefined, { state: 'suspended' }],
  ['stopped by an I/O error', 3, 5, undefined, { state: 'suspended' }],
  ['QEMU killed', 5, 3, undefined, { state: 'off', reason: 'crashed' }],
  ['QEMU ended by a signal from outside', 5, 1, 'host', { state: 'off', reason: 'crashed' }],
  ['guest powered itself off', 5, 1, 'guest', { state: 'off', reason: 'guest-shutdown' }],
  ['shut down while nobody listened', 5, 1, undefined, { state: 'off', reason: 'unknown' }],
  ['destroyed by us', 5, 2, 'host', { state: 'off', reason: 'destroyed' }],
  ['host rebooted', 5, 0, undefined, { state: 'off', reason: 'lost' }],
  ['panicked and preserved', 6, 1, undefined, { state: 'suspended' }],
] as const)('%s', (_, state, reason, by, expected) => {
  expect(copyState(state, reason, by)).toEqual(expected);
});

test('only SHUTDOWN events tell who shuts down', () => {
  expect([shutdownBy(6, 1), shutdownBy(6, 2), shutdownBy(6, 0), shutdownBy(2, 0), shutdownBy(5, 5)]).toEqual([
    'guest',
    'host',
    undefined,
    'started',
    undefined,
  ]);
});

test('the epoch is read back from what libvirt makes of the XML', () => {
  expect(leaseEpoch(leaseMetadata(12))).toBe(12);
  expect(leaseEpoch(`<understudy:lease xmlns:understudy="urn:understudy:lease" epoch="7"/>`)).toBe(7);
  expect(leaseEpoch('<domain><name>other</name></domain>')).toBeUndefined();
});
