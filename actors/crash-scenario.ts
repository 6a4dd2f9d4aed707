import { expect } from 'vitest';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import {
  type CyclePoint,
  createActorSystem,
  promiseActor,
  type StoredSnapshot,
  sleep,
  systemClock,
  type Transport,
  tell,
} from './mod.ts';

export const CYCLE_POINTS: readonly CyclePoint[] = ['receive', 'transition', 'commit', 'acknowledge', 'send', 'effect'];

const token = z.object({ type: z.literal('token'), hops: z.number(), path: z.string() });
const events = z.discriminatedUnion('type', [token, z.object({ type: z.literal('note') })]);

/** Books every token, has an effect stamp it, hands it on, and notes it with the third: a step sends two messages. */
const ledger = setup({
  types: {
    context: {} as { address: string; booked: string[]; stamped: number; ticks: number; notes: number },
    input: {} as { address: string },
    events: {} as z.infer<typeof events>,
  },
  actors: { stamp: promiseActor<number, number>() },
}).createMachine({
  context: ({ input }) => ({ address: input?.address ?? '', booked: [], stamped: 0, ticks: 0, notes: 0 }),
  initial: 'waiting',
  on: {
    token: {
      actions: [
        assign({ booked: ({ context, event }) => [...context.booked, event.path] }),
        tell(({ context, event }) => {
          const own = Number(context.address.slice(7));
          const note = { to: `ledger/${(own + 2) % 3}`, event: { type: 'note' } };
          const next = { to: `ledger/${(own + 1) % 3}`, event: { ...event, hops: event.hops - 1 } };
          return event.hops === 0 ? [note] : [next, note];
        }),
      ],
      target: '.stamping',
    },
    note: { actions: assign({ notes: ({ context }) => context.notes + 1 }) },
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

/** Kill the first host when it reaches that point for the nth time. */
export interface Crash {
  readonly point: CyclePoint;
  readonly nth: number;
}

/**
 * Four tokens go round three actors, six bookings each, with an effect and a timer after each. A host that is killed at
 * `crash` is followed by a second one. Returns where the actors end: the same for every crash, or something was lost or
 * done twice. `open` gives each host, and the client, a connection of its own; the tokens are sent when `ready`.
 */
export async function crashScenario(
  open: () => Promise<Transport>,
  crash?: Crash,
  ready: (client: Transport) => Promise<void> = async () => {},
): Promise<unknown[]> {
  let reached = 0;
  const start = async (host: string, crashAt?: Crash) => {
    const transport = await open();
    const system = createActorSystem({
      transport,
      clock: systemClock,
      random: () => 0.25,
      host,
      membership: { joinMs: 5, aliveEveryMs: 20, deadAfterMs: 150 },
      limits: { unavailable: { firstMs: 1, maxMs: 5 }, handBackMs: 5 },
      onCyclePoint: (point) => {
        if (point !== crashAt?.point || ++reached !== crashAt.nth) return;
        system.kill();
        void transport.close();
      },
    });
    const effects = { stamp: async (count: number) => count };
    system.register('ledger', { machine: ledger, version: 1, events, effects });
    return { system, transport };
  };
  const doomed = await start('n1', crash);
  await doomed.system.start();
  const other = await start('n2');
  const client = await open();
  await ready(client);
  for (let token = 0; token < 4; token++) {
    const event = { type: 'token', hops: 5, path: `t${token}` };
    await client.deliver({ id: `in-${token}`, to: 'ledger/0' as never, from: 'external:client', event });
  }
  await other.system.start();
  const snapshots = async () =>
    Promise.all([0, 1, 2].map(async (id) => (await other.system.inspect(`ledger/${id}`))?.snapshot));
  const final = await settled(snapshots);
  await doomed.system.stop();
  await other.system.stop();
  await Promise.all([doomed, other].map((each) => each.transport.close()));
  await client.close();
  expect(reached, 'the host was not killed').toBe(crash?.nth ?? 0);
  return final.map((each) => ({
    value: each?.value,
    booked: sorted(each?.context.booked),
    notes: each?.context.notes,
  }));
}

/** Waits until all tokens are booked, stamped and cooled; a run that hangs is told from one that lost something. */
async function settled(snapshots: () => Promise<(StoredSnapshot | undefined)[]>) {
  const untilMs = systemClock.nowMs() + 20_000;
  for (;;) {
    const found = await snapshots();
    const done = found.every(
      (each) =>
        each?.value === 'waiting' &&
        each.context.stamped === 8 &&
        each.context.ticks === 1 &&
        Number(each.context.notes) >= 8,
    );
    if (done) return found;
    if (systemClock.nowMs() > untilMs) throw new Error(`not settled: ${JSON.stringify(found)}`);
    await sleep(systemClock, 10);
  }
}

const sorted = (booked: unknown): unknown => (Array.isArray(booked) ? booked.toSorted() : booked);
