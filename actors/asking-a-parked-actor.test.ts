import { afterEach, expect, test } from 'vitest';
import { setup } from 'xstate';
import { hostForTests } from './host-for-tests.ts';
import { type Delivery, MemoryServer, MemoryTransport, reply, systemClock } from './mod.ts';

/** Hands an actor only so many messages from outside until it takes them, as transports do that bound what they hold. */
class Narrow extends MemoryTransport {
  readonly #most: number;
  #held = 0;

  constructor(server: MemoryServer, most: number) {
    super(server);
    this.#most = most;
  }

  override consume(partition: number, receive: (delivery: Delivery) => void) {
    return super.consume(partition, (delivery) => {
      if (delivery.message.urgent === true) return receive(delivery);
      if (this.#held >= this.#most) return delivery.nak(5);
      this.#held++;
      const ack = (): void => {
        this.#held--;
        delivery.ack();
      };
      receive({ ...delivery, ack });
    });
  }
}

let poisonous = true;
const machine = setup({}).createMachine({
  on: {
    poison: {
      guard: () => {
        if (poisonous) throw new Error('poison');
        return true;
      },
      actions: () => {},
    },
    get: { actions: reply(() => 'here') },
  },
});

async function parked(host = 'n1') {
  poisonous = true;
  const server = new MemoryServer({ clock: systemClock, partitions: 1 });
  const found = await hostForTests({ a: { machine } }, { server, transport: new Narrow(server, 3), host });
  await found.system.tell('a/1', { type: 'poison' });
  await expect.poll(() => found.status('a/1')).toBe('parked');
  return found;
}

async function allRefused(asked: readonly Promise<unknown>[]): Promise<void> {
  for (const each of await Promise.allSettled(asked)) {
    expect(each).toMatchObject({ status: 'rejected', reason: { code: 'NOT_ANSWERED' } });
    expect(String(each.status === 'rejected' && each.reason)).toMatch(
      /a.1 is parked: .*\(the event waits in the mailbox/s,
    );
  }
}

let running: Awaited<ReturnType<typeof parked>> | undefined;
afterEach(() => running?.system.stop());

test('askers of a parked actor hear that it is parked, also those whose question waits in a long mailbox', async () => {
  running = await parked();
  const { system } = running;
  const asked = Array.from({ length: 20 }, () => system.ask('a/1', { type: 'get' }));
  await allRefused(asked);
  poisonous = false;
  await system.release('a/1');
  expect(await system.ask('a/1', { type: 'get' })).toBe('here');
});

test('also when it is parked while they wait', async () => {
  running = await parked();
  const { system, status } = running;
  poisonous = false;
  await system.release('a/1');
  await expect.poll(() => status('a/1')).toBe('active');
  poisonous = true;
  const [, ...asked] = [
    system.tell('a/1', { type: 'poison' }),
    ...Array.from({ length: 20 }, () => system.ask('a/1', { type: 'get' })),
  ];
  await allRefused(asked);
});

test('a question with little patience is answered within it, and looks end with it', async () => {
  running = await parked();
  const { system } = running;
  await Promise.allSettled(Array.from({ length: 4 }, () => system.ask('a/1', { type: 'get' })));
  await expect(system.ask('a/1', { type: 'get' }, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'NOT_ANSWERED' });
});
