import type { Address, Transport } from '#actors';

/**
 * Passes everything on and times full steps: from the moment a message is durably in a mailbox (its sender's commit has
 * resolved) to the moment the receiver's step is committed, waiting behind other messages included.
 */
export function timedTransport(transport: Transport, onStep: (milliseconds: number) => void): Transport {
  const arrivals = new Map<Address, number[]>();
  const arrived = (at: Address): void => {
    const waiting = arrivals.get(at);
    if (waiting === undefined) arrivals.set(at, [performance.now()]);
    else waiting.push(performance.now());
  };
  return {
    partitions: transport.partitions,
    atomicOutgoing: transport.atomicOutgoing,
    bus: transport.bus,
    deliver: async (message) => {
      await transport.deliver(message);
      arrived(message.to);
    },
    commit: async (step) => {
      const sequence = await transport.commit(step);
      // A commit can be answered after its message was delivered and stepped on: then it arrived just now.
      const now = performance.now();
      onStep(now - (arrivals.get(step.address)?.shift() ?? now));
      if (transport.atomicOutgoing) for (const message of step.outgoing) arrived(message.to);
      return sequence;
    },
    latest: (address) => transport.latest(address),
    sweep: (partition) => transport.sweep(partition),
    history: (address, limit) => transport.history(address, limit),
    consume: (partition, receive) => transport.consume(partition, receive),
    watch: (kinds, listener) => transport.watch(kinds, listener),
    deadLetter: (message, reason) => transport.deadLetter(message, reason),
    isFull: (address) => transport.isFull(address),
    deadLetters: (limit) => transport.deadLetters(limit),
    close: () => transport.close(),
  };
}
