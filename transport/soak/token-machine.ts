import { assign, setup } from 'xstate';
import { z } from 'zod';
import { effect, type KindOptions, stableHash, tell } from '#actors';

const token = z.object({ type: z.literal('token'), token: z.string(), hop: z.number().int() });
export const tokenEvents = z.discriminatedUnion('type', [token, z.object({ type: z.literal('pause') })]);

export const HOPS = 8;
export const ACTORS = 1_000;

/** Where a token is at that hop: known beforehand, so that the ledgers can be checked against it. */
export function holderOf(name: string, hop: number): string {
  return `ledger/${stableHash(`${name}/${hop}`) % ACTORS}`;
}

type Token = z.infer<typeof token>;
type Stamped = { type: 'effect.done'; output: { token: string; hop: number } };

const onward = (name: string, hop: number) =>
  hop === HOPS ? [] : [{ to: holderOf(name, hop + 1), event: { type: 'token', token: name, hop: hop + 1 } }];

/** Books every token that comes by and hands it on; every third hop only after an effect has stamped it. */
const machine = setup({
  types: { context: {} as { booked: string[]; pauses: number }, events: {} as Token | { type: 'pause' } | Stamped },
  guards: { needsStamp: ({ event }) => event.type === 'token' && event.hop % 3 === 2 },
}).createMachine({
  context: { booked: [], pauses: 0 },
  on: {
    token: [
      {
        guard: 'needsStamp',
        actions: effect(({ event: { token, hop } }) => ({ run: 'stamp', input: { token, hop } })),
      },
      {
        actions: [
          assign({ booked: ({ context, event }) => [...context.booked, `${event.token}/${event.hop}`] }),
          tell(({ event }) => onward(event.token, event.hop)),
        ],
      },
    ],
    'effect.done': {
      actions: [
        assign({
          booked: ({ context, event }) => [...context.booked, `${event.output.token}/${event.output.hop}`],
        }),
        tell(({ event }) => onward(event.output.token, event.output.hop)),
      ],
    },
    pause: { actions: assign({ pauses: ({ context }) => context.pauses + 1 }) },
  },
});

export const ledgerKind: KindOptions = {
  machine,
  version: 1,
  events: tokenEvents,
  effects: { stamp: async (input: unknown) => input },
};
