import type { Address, Transport } from '#actors';

/**
 * Passes everything on and times full steps: from the moment a message is durably in a mailbox (its sender's commit has
 * resolved) to the moment the receiver's step is committed. For actors with one message under way at most.
 */
export function timedTransport(transport: Transport, onStep: (milliseconds: number) => void): Transport {
  const arrived = new Map<Address, number>();
  return {
    partitions: transport.partitions,
    atomicOutgoing: transport.atomicOutgoing,
    bus: transport.bus,
    deliver: async (message) => {
      await transport.deliver(message);
      arrived.set(message.to, performance.now());
    },
    commit: async (step) => {
      const sequence = await transport.commit(step);
      const now = performance.now();
      const since = arrived.get(step.address);
      if (since !== undefined) onStep(now - since);
      arrived.delete(step.address);
      if (transport.atomicOutgoing) for (const message of step.outgoing) arrived.set(message.to, now);
      return sequence;
    },
    latest: (address) => transport.latest(address),
    sweep: (partition) => transport.sweep(partition),
    history: (address, limit) => transport.history(address, limit),
    consume: (partition, receive) => transport.consume(partition, receive),
    watch: (kinds, listener) => transport.watch(kinds, listener),
    deadLetter: (message, reason) => transport.deadLetter(message, reason),
    close: () => transport.close(),
  };
}
