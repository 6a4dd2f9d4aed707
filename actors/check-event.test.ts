import { expect, test } from 'vitest';
import { assign, createMachine, setup } from 'xstate';
import { z } from 'zod';
import { checkEvent } from './check-event.ts';
import { hostForTests } from './host-for-tests.ts';
import type { Kind } from './registration.ts';

const kindOf = (events: z.ZodType): Kind => ({
  ...{ name: 'c', machine: createMachine({}), version: 1, events, effects: {} },
  onError: { maxFailures: 1, policy: 'park' },
});

test('the machine is given what the schema makes of an event', async () => {
  const events = z.object({ type: z.literal('add'), by: z.coerce.number().default(1) });
  const machine = setup({
    types: { context: {} as { n: number }, events: {} as z.infer<typeof events> },
  }).createMachine({
    context: { n: 0 },
    on: { add: { actions: assign({ n: ({ context, event }) => context.n + event.by }) } },
  });
  const { system, context } = await hostForTests({ c: { machine, events } });
  await system.tell('c/1', { type: 'add' });
  await system.tell('c/1', { type: 'add', by: '41', more: 'x' });
  await expect.poll(() => context('c/1')).toEqual({ n: 42 });
  expect((await system.inspect('c/1'))?.cause.event).toEqual({ type: 'add', by: 41 });
  await system.stop();
});

test.each([
  ['is no object', z.any().transform(() => 7), /makes no event/],
  ['has no type', z.any().transform(() => ({ n: 1 })), /makes no event/],
  ['has a type of the runtime’s', z.any().transform(() => ({ type: 'actor.stop' })), /makes no event/],
  ['is not JSON', z.object({ type: z.string() }).transform((event) => ({ ...event, at: new Date(0) })), /holds a Date/],
  ['never comes', z.any().refine(async () => true), /./],
] as const)('an event of which its schema makes what %s is refused', (_what, events, why) => {
  expect(checkEvent(kindOf(events), { type: 'x' }).refusal?.message).toMatch(why);
});

test('what the runtime itself sends is not the schema’s', () => {
  for (const type of ['actor.stop', 'actor.release', 'actor.spawn', 'actor.done']) {
    expect(checkEvent(kindOf(z.never()), { type })).toEqual({ event: { type } });
  }
  expect(checkEvent(kindOf(z.any()), { type: 'xstate.stop' }).refusal).toBeInstanceOf(Error);
});
