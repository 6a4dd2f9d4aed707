import type { Delivery } from '#actors';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimMembers } from './members.ts';
import type { SimNetwork } from './network.ts';
import type { SimProcess } from './sim-process.ts';

/** Unacknowledged deliveries come again after this. */
const ACK_WAIT_MS = 5000;

export interface HandOverOptions {
  readonly process: SimProcess;
  readonly time: VirtualTime;
  readonly network: SimNetwork;
  readonly members: SimMembers;
  isStored(delivery: Delivery): Promise<boolean>;
}

/**
 * How a server hands messages to one client: over one connection and so in order, some twice; an acknowledgement may be
 * lost with the connection or with the leader, and then the message comes again.
 */
export function createHandOver({ process, time, network, members, isStored }: HandOverOptions) {
  const { host } = process;
  const reachable = () => members.serves(host);
  return (receive: (delivery: Delivery) => void) => {
    let lastArrival = 0;
    return (delivery: Delivery, acknowledged: () => void, isConnected: () => boolean): void => {
      let isSettled = false;
      const { term } = members;
      const giveBack = (delayMs: number) => {
        if (isSettled) return;
        isSettled = true;
        again.cancel();
        delivery.nak(delayMs);
      };
      // Counts also after the message was handed out again: it names the message, not the hand-over.
      const acknowledge = () => {
        isSettled = true;
        again.cancel();
        delivery.ack();
        acknowledged();
      };
      const answer = (act: () => void) => {
        time.after(network.streamDelay(host), () => {
          // A new leader knows nothing of what the old one had handed out.
          if (reachable() && members.term === term) act();
        });
      };
      const again = time.after(ACK_WAIT_MS, () => giveBack(0));
      const copies = network.duplicates(host) ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        lastArrival = Math.max(lastArrival, time.now + network.streamDelay(host));
        time.after(lastArrival - time.now, () => {
          if (!reachable() || !isConnected()) return;
          process.run(() =>
            receive({
              message: delivery.message,
              position: delivery.position,
              store: delivery.store,
              attempt: delivery.attempt,
              // Asked of the server without a way there: what is acknowledged stays so, whenever it is learnt.
              doneBelow: () => delivery.doneBelow(),
              ack: () => answer(acknowledge),
              nak: (delayMs) => answer(() => giveBack(delayMs)),
              isStored: () => isStored(delivery),
            }),
          );
        });
      }
    };
  };
}
