import { assign, setup } from 'xstate';
import { z } from 'zod';
import { createActorSystem, MemoryServer, MemoryTransport, promiseActor, reply, systemClock, tell } from '#actors';

const orderEvents = z.discriminatedUnion('type', [
  z.object({ type: z.literal('pay'), cents: z.number().int().positive() }),
  z.object({ type: z.literal('status') }),
]);

const order = setup({
  types: {
    context: {} as { address: string; cents: number; receipt: string },
    input: {} as { address: string },
    events: {} as z.infer<typeof orderEvents>,
  },
  actors: { charge: promiseActor<string, number>() },
}).createMachine({
  context: ({ input }) => ({ address: input?.address ?? '', cents: 0, receipt: '' }),
  initial: 'open',
  on: { status: { actions: reply(({ context }) => context.receipt) } },
  states: {
    open: { on: { pay: { target: 'charging', actions: assign({ cents: ({ event }) => event.cents }) } } },
    charging: {
      invoke: {
        src: 'charge',
        input: ({ context }) => context.cents,
        onDone: { target: 'paid', actions: assign({ receipt: ({ event }) => event.output }) },
        onError: 'retrying',
      },
    },
    retrying: { after: { 1000: 'charging' } },
    paid: {
      entry: tell(({ context }) => ({ to: 'stock/main', event: { type: 'ship', order: context.address } })),
    },
  },
});

const stockEvents = z.object({ type: z.literal('ship'), order: z.string() });
const stock = setup({
  types: { context: {} as { shipped: string[] }, events: {} as z.infer<typeof stockEvents> },
}).createMachine({
  context: { shipped: [] },
  on: { ship: { actions: assign({ shipped: ({ context, event }) => [...context.shipped, event.order] }) } },
});

/** Starts a host, pays an order, and returns its receipt and what the stock shipped. */
export async function payAnOrder(random: () => number) {
  const server = new MemoryServer({ clock: systemClock });
  const system = createActorSystem({
    transport: new MemoryTransport(server),
    clock: systemClock,
    random,
    host: 'n1',
    onAlert: (alert) => console.error(alert.code, alert.text),
  });
  // `key` is the same each time this very charge is tried again.
  const charge = async (cents: number, { key }: { key: string }) => `${cents} cents, ${key}`;
  system.register('order', { machine: order, version: 1, events: orderEvents, effects: { charge } });
  system.register('stock', { machine: stock, version: 1, events: stockEvents });
  await system.start();

  const shipped = new Promise<unknown>((resolve) => {
    void system.watch(['stock'], (step) => resolve(step.snapshot.context.shipped));
  });
  await system.tell('order/1', { type: 'pay', cents: 499 });
  const result = { shipped: await shipped, receipt: await system.ask('order/1', { type: 'status' }) };
  await system.stop();
  return result;
}
