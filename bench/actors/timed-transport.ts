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
  const timed: Pick<Transport, 'deliver' | 'commit'> = {
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
  };
  // The rest as it is, on the transport itself: its methods use private fields.
  const rest = new Map<string | symbol, unknown>(Object.entries(timed));
  return new Proxy(transport, {
    get: (target, name) => {
      if (!rest.has(name)) {
        const value: unknown = Reflect.get(target, name, target);
        rest.set(name, typeof value === 'function' ? value.bind(target) : value);
      }
      return rest.get(name);
    },
  });
}
