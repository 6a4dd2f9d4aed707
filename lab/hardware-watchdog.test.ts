import { beforeEach, expect, it } from 'vitest';
import { HardwareWatchdog, WATCHDOG_LOOK_MS } from './hardware-watchdog.ts';

let watchdog: HardwareWatchdog;
let nowMs: number;
beforeEach(() => {
  watchdog = new HardwareWatchdog();
  nowMs = 1000;
});

const say = (what: object, atMs = nowMs) => watchdog.hear(JSON.stringify({ ...what, atMs }), nowMs);
const arm = () => say({ do: 'arm', timeoutMs: 500 });
const kick = (atMs?: number) => say({ do: 'kick' }, atMs);
/** Looks as often as the lab does; the first reason for a reset. */
function lookFor(ms: number, each: () => void = () => undefined): string | undefined {
  for (const untilMs = nowMs + ms; nowMs < untilMs; ) {
    nowMs += WATCHDOG_LOOK_MS;
    each();
    const why = watchdog.look(nowMs);
    if (why !== undefined) return why;
  }
  return undefined;
}

it('resets a node that stopped kicking, by its timeout and a few looks', () => {
  arm();
  expect(lookFor(500)).toBeUndefined();
  expect(lookFor(300)).toMatch(/nobody kicked it for 0\.[78] s/);
});

it('leaves a node alone that kicks', () => {
  arm();
  expect(lookFor(5000, kick)).toBeUndefined();
});

it('leaves a node alone that never armed it', () => {
  kick();
  expect(lookFor(5000)).toBeUndefined();
});

it('takes nonsense for no kick', () => {
  arm();
  const nonsense = [
    '',
    'kick',
    '{"do":"kick"}',
    '{"do":"disarm","atMs":9999}',
    '{"do":"arm","timeoutMs":0,"atMs":9999}',
  ];
  expect(lookFor(800, () => nonsense.forEach((line) => void watchdog.hear(line, nowMs)))).toBeDefined();
});

it('takes a kick from the future for one of now', () => {
  arm();
  kick(nowMs + 60_000);
  expect(lookFor(800)).toBeDefined();
});

it('does not reset a healthy node after a pause of the lab, though its kicks are read only after the first looks', () => {
  arm();
  nowMs += 60_000; // the lab stood still, the node did not
  expect(watchdog.look(nowMs)).toBeUndefined();
  nowMs += WATCHDOG_LOOK_MS;
  for (let atMs = 1100; atMs < nowMs - 20_000; atMs += 100) kick(atMs); // what the pipe held
  expect(watchdog.look(nowMs)).toBeUndefined();
  nowMs += WATCHDOG_LOOK_MS;
  kick(); // the node can write again
  expect(lookFor(400)).toBeUndefined();
});

it('does reset a node that stopped kicking during a pause of the lab', () => {
  arm();
  nowMs += 60_000;
  kick(2000);
  expect(lookFor(WATCHDOG_LOOK_MS * 6)).toMatch(/nobody kicked it for 59/);
});
