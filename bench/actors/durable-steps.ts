import { setup, transition } from 'xstate';
import type { Address, JournalEntry, Transport } from '#actors';
import { type Rate, rateOf } from './rate.ts';

/** A ring of two states with a padded context: a snapshot of about 1 KB, like a VM's. */
const machine = setup({ types: { context: {} as { padding: string } } }).createMachine({
  initial: 'left',
  context: { padding: 'x'.repeat(800) },
  states: { left: { on: { step: 'right' } }, right: { on: { step: 'left' } } },
});

type Stored = Parameters<typeof machine.resolveState>[0];

interface Actor {
  readonly address: Address;
  readonly next: Address;
  snapshot: string;
  sequence: number;
  steps: number;
}

/**
 * Full durable steps: take a message from the mailbox, restore the snapshot, transition, commit snapshot and one outgoing
 * message, acknowledge. Every actor has one message under way, each step sends it on to the next actor of the ring.
 */
export async function durableSteps(transport: Transport, actors: number, durationMs: number): Promise<Rate> {
  const first = machine.resolveState({ value: 'left', context: { padding: 'x'.repeat(800) } });
  const ring = new Map<string, Actor>();
  const name = (i: number): Address => `bench${actors}/${i % actors}` as Address;
  for (let i = 0; i < actors; i += 1) {
    const snapshot = JSON.stringify(machine.getPersistedSnapshot(first));
    ring.set(name(i), { address: name(i), next: name(i + 1), snapshot, sequence: 0, steps: 0 });
  }
  const latencies: number[] = [];
  const failures: unknown[] = [];
  let over = false;
  const step = async (actor: Actor, ack: () => void): Promise<void> => {
    const begin = performance.now();
    // What was stringified is what comes back.
    const restored = machine.resolveState(JSON.parse(actor.snapshot) as Stored);
    const [after] = transition(machine, restored, { type: 'step' });
    const body = JSON.stringify(machine.getPersistedSnapshot(after));
    actor.steps += 1;
    const commitId = `${actor.address}-${actor.steps}`;
    const message = {
      id: commitId,
      to: actor.next,
      from: actor.address,
      sequence: actor.steps,
      event: { type: 'step' },
    };
    const { address, sequence } = actor;
    actor.sequence = await transport.commit({
      address,
      expectedSequence: sequence,
      commitId,
      body,
      outgoing: over ? [] : [message],
    });
    actor.snapshot = body;
    ack();
    if (!transport.atomicOutgoing && !over) await transport.deliver(message);
    latencies.push(performance.now() - begin);
  };
  const queues = new Map<string, Promise<void>>();
  const consumers = await Promise.all(
    Array.from({ length: transport.partitions }, (_, partition) =>
      transport.consume(partition, ({ message, ack }) => {
        const actor = ring.get(message.to);
        if (actor === undefined) return ack();
        const before = queues.get(message.to) ?? Promise.resolve();
        const turn = before.then(() => step(actor, ack)).catch((error: unknown) => void failures.push(error));
        queues.set(message.to, turn);
      }),
    ),
  );
  const starts = [...ring.values()].map((actor) =>
    transport.deliver({
      id: `start-${actor.address}`,
      to: actor.address,
      from: 'external:bench',
      event: { type: 'step' },
    }),
  );
  await Promise.all(starts);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  latencies.length = 0;
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const rate = rateOf(latencies, performance.now() - begin);
  over = true;
  const drain = performance.now();
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  await Promise.all(queues.values());
  console.log(`  acknowledged messages all removed after another ${(performance.now() - drain).toFixed(0)} ms`);
  if (failures.length > 0) throw failures[0];
  return rate;
}

/** Reads back what a host does when it takes over everything: one sweep per partition. Milliseconds and actors found. */
export async function sweepAll(transport: Transport): Promise<{ ms: number; actors: number }> {
  const begin = performance.now();
  const parts: (readonly JournalEntry[])[] = await Promise.all(
    Array.from({ length: transport.partitions }, (_, partition) => transport.sweep(partition)),
  );
  return { ms: performance.now() - begin, actors: parts.reduce((sum, entries) => sum + entries.length, 0) };
}
