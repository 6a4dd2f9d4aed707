import { expect, test } from 'vitest';
import { TestChart } from '../test-chart.ts';
import { nodeMachine } from './node.ts';

const verdictOf = (verdict: string, more: object = {}) => ({
  ...{ type: 'verdict', verdict, boundReached: false, incarnation: 1, sequence: 5, ageMs: 0, observers: ['n2'] },
  ...more,
});
const bound = { kind: 'bound', node: 'n1', incarnation: 1, sequence: 5, ageMs: 90_000, observers: ['n2'] };
const reached = verdictOf('dead', { boundReached: true, evidence: bound });
const wordOf = (more: object = {}) => ({
  ...{ type: 'word', incarnation: 1, sequence: 5, state: 'suspended', freeze: false, returns: false },
  ...more,
});
const confirmedBy = (by: string, sequence = 5) => ({ outcome: 'confirmed', by, incarnation: 1, sequence });
const up = () => new TestChart(nodeMachine, { address: 'node/n1' }).take(verdictOf('healthy'));

test.each<[string, object, string]>([
  ['healthy', verdictOf('healthy'), 'up.healthy'],
  ['management-isolated (T6)', verdictOf('management-isolated'), 'up.managementIsolated'],
  ['storage-isolated', verdictOf('storage-isolated'), 'suspect.storageIsolated'],
  ['dead', verdictOf('dead'), 'suspect.dead.fencing'],
  ['dead, bound reached', reached, 'down.listing'],
  ['storage lost for all (B3)', verdictOf('storage-lost'), 'storageLost'],
  ['its word (B9)', wordOf(), 'down.listing'],
  ['an old word', wordOf({ sequence: 4 }), 'up.healthy'],
  ['its last word, freezing', wordOf({ state: 'off', freeze: true }), 'frozen'],
])('a node that is up: %s', (_, event, state) => {
  expect(up().take(event as { type: string }).state).toBe(state);
});

test.each<[string, object, string]>([
  ['still dead', verdictOf('dead'), 'down.told'],
  ['its slot seems well, but did not change', verdictOf('healthy'), 'down.told'],
  ['its slot changed', verdictOf('healthy', { sequence: 6 }), 'up.healthy'],
  ['back, management-isolated', verdictOf('management-isolated', { sequence: 6 }), 'up.healthy'],
  ['booted again', verdictOf('healthy', { incarnation: 2, sequence: 1 }), 'up.healthy'],
  ['booted again and dead again', verdictOf('dead', { incarnation: 2 }), 'suspect.dead.fencing'],
  ['storage is gone for all (B3)', verdictOf('storage-lost'), 'storageLost'],
])('a node that is down: %s', (_, event, state) => {
  expect(
    up()
      .take(wordOf())
      .done([])
      .take(event as { type: string }).state,
  ).toBe(state);
});

test('its VMs are told at once, the cluster is told whom to expect, and both again until it is back', () => {
  const chart = up().take(wordOf()).done(['a', 'b']);
  expect(chart.asked.slice(0, 3)).toEqual(['-> cluster/main expect', '-> vm/a hostDown', '-> vm/b hostDown']);
  expect(chart.after(5000).done(['b']).asked.slice(0, 1)).toEqual(['-> vm/b hostDown']);
  expect(chart.after(5000).fails().state).toBe('down.told');
});

test('a fence that confirms ends the waiting (B9); one that fails is tried again, and the same verdict begins no other', () => {
  const chart = up().take(verdictOf('dead'));
  expect(chart.take(verdictOf('dead')).asked).toEqual([]);
  expect(chart.done({ outcome: 'failed', why: 'no answer' }).state).toBe('suspect.dead.fenceFailed');
  expect(chart.after(10_000).done(confirmedBy('bmc')).state).toBe('down.listing');
  expect(chart.context.evidence).toMatchObject({ kind: 'fence', fence: 'bmc', incarnation: 1, sequence: 5 });
});

test('a word given while storage is gone for all proves nothing, and none is kept (B3)', () => {
  const chart = up().take(wordOf(), verdictOf('storage-lost'), wordOf());
  expect([chart.state, chart.context.evidence]).toEqual(['storageLost', null]);
  expect(chart.take(verdictOf('healthy', { sequence: 9 })).state).toBe('up.healthy');
});

test('a frozen node recovers nobody, whatever is judged, until it is back', () => {
  const chart = up().take(wordOf({ state: 'off', freeze: true }));
  expect(chart.take(verdictOf('dead'), reached, wordOf(), verdictOf('storage-lost')).state).toBe('frozen');
  expect(chart.take(verdictOf('healthy', { incarnation: 2 })).state).toBe('up.healthy');
});

test.each<[string, object[], string]>([
  ['on while it is up', [], '! setMaintenance'],
  ['on while management-isolated', [verdictOf('management-isolated')], '! setMaintenance'],
  ['on while dead', [verdictOf('dead')], '! note'],
  ['on while down', [wordOf()], '! note'],
])('maintenance %s', (_, before, asked) => {
  const chart = up().take(...(before as { type: string }[]));
  expect(chart.take({ type: 'maintenance', on: true }).asked).toEqual([asked]);
  expect(chart.take({ type: 'maintenance', on: false }).asked).toEqual(['! setMaintenance']);
});

test('one that is well again means room', () => {
  expect(up().take(verdictOf('dead'), verdictOf('healthy')).asked).toContain('-> cluster/main capacity');
  expect(up().take(verdictOf('healthy')).asked).toEqual([]);
});

test('a node on which a start hangs is fenced, though it is well; only that boot of it is down then', () => {
  const stuck = { type: 'stuck', vm: 'web' };
  const chart = up().take(stuck);
  expect([chart.state, chart.asked]).toEqual(['up.fencing', ['? fence']]);
  expect(chart.take(stuck, verdictOf('healthy', { sequence: 6 })).state).toBe('up.fencing');
  expect(chart.done({ outcome: 'failed', why: 'no fence is configured' }).state).toBe('up.stuck');
  expect(chart.take(stuck).done(confirmedBy('bmc', 7)).state).toBe('down.listing');
  expect(chart.take(verdictOf('healthy', { sequence: 7 })).state).toBe('down.listing');
  expect(chart.take(verdictOf('healthy', { incarnation: 2 })).state).toBe('up.healthy');
});

test.each([verdictOf('management-isolated'), verdictOf('dead')])(
  'one that is not well is not fenced for a start',
  (verdict) => {
    const chart = up().take(verdict);
    const { state } = chart;
    expect(chart.take({ type: 'stuck', vm: 'web' }).state).toBe(state);
  },
);

test('a fenced node that writes its slot is up again, what the fence said is forgotten, and it is looked whether it goes on', () => {
  const chart = up().take(verdictOf('dead')).done(confirmedBy('bmc'));
  expect(chart.take(verdictOf('healthy')).state).toBe('down.listing');
  expect(chart.take(verdictOf('healthy', { sequence: 6 })).asked).toContain('! watchFenced');
  expect([chart.state, chart.context.evidence]).toEqual(['up.healthy', null]);
  // One that boots again contradicts nobody.
  const booted = up().take(verdictOf('dead')).done(confirmedBy('bmc'));
  expect(booted.take(verdictOf('healthy', { incarnation: 2 })).asked).not.toContain('! watchFenced');
});

test('a write that landed late after a fence only opens the way to the next', () => {
  const chart = up().take(verdictOf('dead')).done(confirmedBy('bmc'));
  expect(chart.take(verdictOf('dead', { sequence: 6 })).state).toBe('suspect.dead.fencing');
  expect(chart.done(confirmedBy('bmc', 6)).context.evidence).toMatchObject({ sequence: 6 });
  // Proved, it needs no other.
  expect(chart.take(verdictOf('dead', { sequence: 6 })).asked).toEqual([]);
});

test('a fence proves only the incarnation that it was asked for, whatever was seen meanwhile', () => {
  const chart = up()
    .take(verdictOf('dead'), verdictOf('dead', { incarnation: 2 }))
    .done(confirmedBy('bmc'));
  expect(chart.context.evidence).toMatchObject({ incarnation: 1 });
  expect(chart.take(verdictOf('dead', { incarnation: 2 })).state).toBe('suspect.dead.fencing');
});

test('a fence that was contradicted is remembered until a person has tested it', () => {
  const chart = up().take({ type: 'contradicted', fence: 'bmc' }, { type: 'contradicted', fence: 'bmc' });
  expect(chart.context.disbelieved).toEqual(['bmc']);
  expect(chart.take(verdictOf('dead'), verdictOf('healthy')).context.disbelieved).toEqual(['bmc']);
  expect(chart.take({ type: 'fenceTested', fence: 'pdu' }).context.disbelieved).toEqual(['bmc']);
  expect(chart.take({ type: 'fenceTested', fence: 'bmc' }).context.disbelieved).toEqual([]);
  const two = chart.take({ type: 'contradicted', fence: 'bmc' }, { type: 'contradicted', fence: 'pdu' });
  expect(two.take({ type: 'fenceTested' }).context.disbelieved).toEqual([]);
});
