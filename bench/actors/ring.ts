import { randomInt } from 'node:crypto';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { type Clock, createActorSystem, type Limits, systemClock, type Transport, tell } from '#actors';

export const ringEvents = z.object({ type: z.literal('step') });

interface RingContext {
  readonly next: string;
  readonly steps: number;
  readonly padding: string;
}

/** An actor of a ring: two states, a snapshot of about 1 KB as a VM's, one message a step to the next of the ring. */
export function ringMachine(actors: number, goesOn: () => boolean) {
  return setup({
    types: { context: {} as RingContext, input: {} as { address: string }, events: {} as z.infer<typeof ringEvents> },
    actions: {
      pass: tell(({ context }) => (goesOn() ? { to: context.next, event: { type: 'step' } } : [])),
      count: assign({ steps: ({ context }) => context.steps + 1 }),
    },
  }).createMachine({
    context: ({ input }) => ({ next: nextOf(input?.address ?? 'ring/0', actors), steps: 0, padding: 'x'.repeat(800) }),
    initial: 'left',
    states: {
      left: { on: { step: { target: 'right', actions: ['count', 'pass'] } } },
      right: { on: { step: { target: 'left', actions: ['count', 'pass'] } } },
    },
  });
}

function nextOf(address: string, actors: number): string {
  const slash = address.indexOf('/');
  return `${address.slice(0, slash)}/${(Number(address.slice(slash + 1)) + 1) % actors}`;
}

/** A host that runs one ring. `goesOn`: false and the messages of the ring run out. */
export function ringSystem(
  transport: Transport,
  host: string,
  actors: number,
  goesOn: () => boolean,
  limits: Partial<Limits> = { idleMs: 600_000 },
  clock: Clock = systemClock,
) {
  const system = createActorSystem({
    transport,
    clock,
    random: () => randomInt(2 ** 32) / 2 ** 32,
    host,
    onAlert: (alert) => console.error(`!! ${alert.code} ${alert.text}`),
    limits,
  });
  system.register('ring', { machine: ringMachine(actors, goesOn), version: 1, events: ringEvents });
  return system;
}
