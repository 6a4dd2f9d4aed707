import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Address, DEFAULT_LIMITS, type MailboxMessage } from '#actors';
import { type LineItem, MailboxLine } from './mailbox-line.ts';

function item(sequence: number, extra: Partial<MailboxMessage> = {}): LineItem {
  const message = { id: `${sequence}`, to: 'vm/a' as Address, from: 'external:x', event: { type: 'x' }, ...extra };
  return { message, sequence, position: sequence, released: () => {} };
}

function line() {
  const handed: LineItem[] = [];
  const vanished: number[] = [];
  const made = new MailboxLine({ hand: (each) => handed.push(each), vanished: (each) => vanished.push(each) });
  const settle = (count: number): void => {
    for (const each of handed.splice(0, count)) {
      made.acknowledged(each);
      made.removed(each);
    }
  };
  return { line: made, handed, vanished, settle };
}

test('no more unremoved external messages than an actor remembers ids; the order is kept across the wait', () => {
  const { line: a, handed, settle } = line();
  for (let i = 1; i <= 30; i += 1) a.offer(item(i), 256);
  expect(handed).toHaveLength(24);
  settle(6);
  expect(handed.map((each) => each.sequence)).toEqual(Array.from({ length: 24 }, (_, i) => i + 7));
});

test('messages of few actors are never held back, those of many only until what was taken is removed', () => {
  const { line: a, handed, settle } = line();
  for (let i = 1; i <= 400; i += 1) a.offer(item(i, { from: `vm/${i % 3}` }), 1_000);
  expect(handed).toHaveLength(400);
  settle(400);
  for (let i = 1; i <= 400; i += 1) a.offer(item(i, { from: `vm/${i}` }), 1_000);
  expect(handed).toHaveLength(248);
  settle(100);
  expect(handed).toHaveLength(248);
});

test('what does not fit is left in the stream and taken later, in order, each once', () => {
  const { line: a, handed, vanished, settle } = line();
  for (let i = 1; i <= 10; i += 1) a.offer(item(i, { from: 'vm/b' }), 4);
  expect(handed.map((each) => each.sequence)).toEqual([1, 2, 3, 4]);
  expect(a.unreadFrom).toBe(5);
  settle(4);
  a.offer(item(11, { from: 'vm/b' }), 4);
  expect(handed, 'a later one must not overtake').toEqual([]);
  expect([5, 6, 8, 9, 10, 11].map((sequence) => a.offerAgain(item(sequence, { from: 'vm/b' })))).not.toContain(false);
  expect(a.offerAgain(item(9, { from: 'vm/b' }))).toBe(false);
  expect(handed.map((each) => each.sequence)).toEqual([5, 6, 8, 9, 10, 11]);
  expect(vanished, 'removed by another owner').toEqual([7]);
  expect(a.unreadFrom).toBeUndefined();
});

test('an urgent message overtakes what waits', () => {
  const { line: a, handed } = line();
  for (let i = 1; i <= 30; i += 1) a.offer(item(i), 8);
  a.offer(item(31, { urgent: true }), 8);
  expect(handed.at(-1)?.sequence).toBe(31);
});

test('urgent messages from outside do not make an actor forget ids that may come again', () => {
  const { line: a, handed, settle } = line();
  for (let i = 1; i <= 30; i += 1) a.offer(item(i), 256);
  for (let i = 31; i <= 50; i += 1) a.offer(item(i, { urgent: true }), 256);
  expect(handed.map((each) => each.sequence)).toEqual(
    [...Array(24).keys(), ...Array(8).keys()].map((n, at) => (at < 24 ? n + 1 : n + 31)),
  );
  expect(handed.length, 'ids an actor remembers').toBeLessThanOrEqual(DEFAULT_LIMITS.idsRemembered);
  while (handed.length > 0) settle(1);
  expect(a.isEmpty).toBe(true);
});

function takeAll(handed: LineItem[], from: MailboxLine): LineItem[] {
  const taken = handed.splice(0);
  for (const each of taken) from.acknowledged(each);
  return taken;
}

test('while one removal is late, no more messages from outside go through than an actor remembers ids', () => {
  const { line: a, handed } = line();
  a.offer(item(1), 256);
  const [late] = takeAll(handed, a);
  let taken = 1;
  for (let i = 2; i <= 100; i += 1) {
    a.offer(item(i, { urgent: i % 2 === 0 }), 256);
    for (const each of takeAll(handed, a)) {
      taken += 1;
      a.removed(each); // these at once
    }
  }
  expect(taken).toBe(DEFAULT_LIMITS.idsRemembered);
  if (late !== undefined) a.removed(late);
  expect(handed.length, 'its removal lets the others go on').toBeGreaterThan(0);
});

test('while one removal is late, messages of at most 256 senders go through, urgent ones included', () => {
  const { line: a, handed } = line();
  a.offer(item(1, { from: 'vm/late', sequence: 1 }), 256);
  takeAll(handed, a);
  const senders = new Set<string>(['vm/late']);
  for (let i = 2; i <= 700; i += 1) {
    const type = i % 3 === 0 ? 'actor.release' : 'x';
    a.offer(item(i, { from: `vm/${i}`, sequence: 1, urgent: i % 3 === 0, event: { type } }), 256);
    for (const each of takeAll(handed, a)) {
      senders.add(each.message.from);
      a.removed(each);
    }
  }
  expect(senders.size).toBe(256);
});

test('a message that was handed out before a late one and is taken after it counts as well', () => {
  const { line: a, handed } = line();
  for (let i = 1; i <= 24; i += 1) a.offer(item(i), 256);
  const kept = handed.splice(0); // by a parked actor
  a.offer(item(25, { urgent: true }), 256);
  const [release] = takeAll(handed, a);
  for (const each of kept) {
    a.acknowledged(each);
    a.removed(each);
  }
  for (let i = 26; i <= 60; i += 1) a.offer(item(i), 256);
  expect(handed, 'the release may still be stored').toHaveLength(0);
  if (release !== undefined) a.removed(release);
  expect(handed.length).toBeGreaterThan(0);
});

test('what the line calls done was acknowledged, whatever the order; what is covered waits for no removal', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ offer: fc.constantFrom('vm/a', 'vm/b', 'external:x'), urgent: fc.boolean(), packed: fc.boolean() }),
      fc.record({ acknowledge: fc.nat(9), covers: fc.boolean() }),
    ),
    { maxLength: 120 },
  );
  fc.assert(
    fc.property(steps, (each) => {
      const { line: a, handed } = line();
      const open = new Set<number>();
      let sequence = 0;
      for (const step of each) {
        if ('offer' in step) {
          sequence += 1;
          const position = step.packed ? sequence + 0.5 : sequence;
          const { packed, urgent } = step;
          open.add(position);
          a.offer({ ...item(sequence, { from: step.offer, urgent }), position, packed }, 8);
          continue;
        }
        const [taken] = handed.splice(step.acknowledge % Math.max(1, handed.length), 1);
        if (taken === undefined) continue;
        const below = a.doneBelow(taken);
        for (const position of open) if (position !== taken.position) expect(position).toBeGreaterThanOrEqual(below);
        open.delete(taken.position);
        a.acknowledged(taken, step.covers ? below : undefined);
      }
    }),
  );
});

test('messages of any number of senders go through without a removal when each step covers what was before', () => {
  const { line: a, handed } = line();
  for (let i = 1; i <= 2_000; i += 1) {
    a.offer(item(i, { from: i % 2 === 0 ? `vm/${i}` : 'external:x' }), 256);
    for (const each of handed.splice(0)) a.acknowledged(each, a.doneBelow(each));
  }
  expect([handed.length, a.size, a.isEmpty]).toEqual([0, 0, true]);
});

test('a letter of a pack does not overtake what was left in the stream before it, nor does what comes after overtake it', () => {
  const { line: a, handed, vanished, settle } = line();
  const from = { from: 'vm/b' };
  for (let i = 1; i <= 6; i += 1) a.offer(item(i, from), 4);
  const letter = (position: number): LineItem => ({ ...item(Math.floor(position), from), position, packed: true });
  for (const position of [7, 7.5]) a.offer(letter(position), 4);
  for (const sequence of [8, 9]) a.offer(item(sequence, from), 4);
  a.offer(letter(10), 4);
  settle(4);
  expect(handed, 'left in the stream: 5 and 6').toEqual([]);
  expect(a.unreadFrom).toBe(5);
  a.offerAgain(item(5, from));
  expect(handed.map(({ position }) => position)).toEqual([5]);
  a.offerAgain(item(6, from));
  expect(handed.map(({ position }) => position)).toEqual([5, 6, 7, 7.5]);
  a.offerAgain(item(9, from));
  expect(vanished).toEqual([8]);
  expect(handed.map(({ position }) => position)).toEqual([5, 6, 7, 7.5, 9, 10]);
  expect([a.unreadFrom, a.size]).toEqual([undefined, 6]);
  settle(6);
  expect(a.isEmpty).toBe(true);
});

test('letters that wait behind what was left in the stream do not keep it from being read', () => {
  const { line: a, settle } = line();
  for (let i = 1; i <= 6; i += 1) a.offer(item(i, { from: 'vm/b' }), 4);
  for (let i = 7; i <= 30; i += 1) a.offer({ ...item(i, { from: 'vm/b' }), packed: true }, 4);
  settle(4);
  expect([a.size, a.unreadFrom]).toEqual([0, 5]);
});

test('what comes later in the same pack is not called done, however early a message is taken', () => {
  const marks: number[] = [];
  const a = new MailboxLine({ hand: (each) => marks.push(a.doneBelow(each)), vanished: () => {} });
  for (const position of [7, 7.25]) a.offer({ ...item(7), position, packed: true }, 4);
  expect(marks[0]).toBeGreaterThan(7);
  expect(marks[0]).toBeLessThanOrEqual(7.25);
});

test('what another owner removed is passed over; letters behind it go on', () => {
  const { line: a, handed, vanished, settle } = line();
  const from = { from: 'vm/b' };
  for (let i = 1; i <= 4; i += 1) a.offer(item(i, from), 2);
  a.offer({ ...item(5, from), packed: true }, 2);
  settle(2);
  a.passOver(4); // not its turn
  expect([a.unreadFrom, vanished]).toEqual([3, []]);
  a.passOver(3);
  a.passOver(4);
  expect([a.unreadFrom, vanished]).toEqual([undefined, [3, 4]]);
  expect(handed.map(({ sequence }) => sequence)).toEqual([5]);
  settle(1);
  expect(a.isEmpty).toBe(true);
});
