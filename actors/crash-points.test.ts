import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import {
  type CyclePoint,
  createActorSystem,
  MemoryServer,
  MemoryTransport,
  promiseActor,
  systemClock,
  tell,
} from './mod.ts';

const events = z.object({ type: z.literal('token'), hops: z.number(), path: z.string() });

/** Books every token, has an effect stamp it, hands it on. */
const ledger = setup({
  types: {
    context: {} as { address: string; booked: string[]; stamped: number; ticks: number },
    input: {} as { address: string },
    events: {} as z.infer<typeof events>,
  },
  actors: { stamp: promiseActor<number, number>() },
}).createMachine({
  context: ({ input }) => ({ address: input?.address ?? '', booked: [], stamped: 0, ticks: 0 }),
  initial: 'waiting',
  on: {
    token: {
      actions: [
        assign({ booked: ({ context, event }) => [...context.booked, event.path] }),
        tell(({ context, event }) => {
          const next = `ledger/${(Number(context.address.slice(7)) + 1) % 3}`;
          return event.hops === 0 ? [] : [{ to: next, event: { ...event, hops: event.hops - 1 } }];
        }),
      ],
      target: '.stamping',
    },
  },
  states: {
    waiting: {},
    stamping: {
      invoke: {
        src: 'stamp',
        input: ({ context }) => context.booked.length,
        onDone: { target: 'cooling', actions: assign({ stamped: ({ event }) => event.output }) },
      },
    },
    cooling: { after: { 5: { target: 'waiting', actions: assign({ ticks: 1 }) } } },
  },
});

interface Crash {
  readonly point: CyclePoint;
  readonly nth: number;
}

async function run(atomicOutgoing: boolean, crash?: Crash): Promise<unknown[]> {
  const server = new MemoryServer({ clock: systemClock, partitions: 4, atomicOutgoing });
  let reached = 0;
  const start = (host: string, crashAt?: Crash) => {
    const transport = new MemoryTransport(server);
    const system = createActorSystem({
      transport,
      clock: systemClock,
      random: () => 0.25,
      host,
      membership: { joinMs: 5, aliveEveryMs: 10, deadAfterMs: 40 },
      limits: { unavailable: { firstMs: 1, maxMs: 5 }, handBackMs: 5 },
      onCyclePoint: (point) => {
        if (point !== crashAt?.point || ++reached !== crashAt.nth) return;
        system.kill();
        void transport.close();
      },
    });
    const effects = { stamp: async (count: number) => count };
    system.register('ledger', { machine: ledger, version: 1, events, effects });
    return system;
  };
  const doomed = start('n1', crash);
  await doomed.start();
  const other = start('n2');
  const client = new MemoryTransport(server);
  const tokens = 4;
  for (let token = 0; token < tokens; token++) {
    const event = { type: 'token', hops: 5, path: `t${token}` };
    await client.deliver({ id: `in-${token}`, to: 'ledger/0' as never, from: 'external:client', event });
  }
  await other.start();
  const contexts = async () =>
    Promise.all([0, 1, 2].map(async (id) => (await other.inspect(`ledger/${id}`))?.snapshot));
  await expect
    .poll(contexts, { timeout: 4_000, interval: 5 })
    .toEqual(
      [0, 1, 2].map(() =>
        expect.objectContaining({ value: 'waiting', context: expect.objectContaining({ stamped: 8, ticks: 1 }) }),
      ),
    );
  const final = await contexts();
  await doomed.stop();
  await other.stop();
  expect(reached, 'the host was not killed').toBe(crash?.nth ?? 0);
  return final.map((each) => ({ value: each?.value, booked: sorted(each?.context.booked) }));
}

const sorted = (booked: unknown): unknown => (Array.isArray(booked) ? booked.toSorted() : booked);

const points: CyclePoint[] = ['receive', 'transition', 'commit', 'acknowledge', 'send', 'effect'];

for (const atomicOutgoing of [true, false]) {
  test(`a host killed at any point leaves what an undisturbed run leaves (atomic outgoing: ${atomicOutgoing})`, async () => {
    const undisturbed = await run(atomicOutgoing);
    const runs = points.flatMap((point) => [1, 2, 7].map((nth) => ({ point, nth })));
    await Promise.all(
      runs.map(async (crash) => expect(await run(atomicOutgoing, crash), JSON.stringify(crash)).toEqual(undisturbed)),
    );
  }, 20_000);
}
