import { type Transport, TransportUnavailable } from '#actors';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimBus } from './bus.ts';
import { DeliveryLine } from './delivery-line.ts';
import { createHandOver } from './hand-over.ts';
import { openLasting } from './lasting-call.ts';
import type { SimMembers } from './members.ts';
import type { SimNetwork } from './network.ts';
import { RemoteCall } from './remote-call.ts';
import type { SimProcess } from './sim-process.ts';
import { Subscription } from './subscription.ts';

const TIMEOUT_MS = 3000;
/** Until a client whose connection broke is connected again, and sends once more what was not answered. */
const RECONNECT_MS = 300;

/** One request to messaging: to any member that reaches the leader, over a connection that repeats what was lost. */
class MessagingCall<Result> extends RemoteCall<Result> {
  readonly #members: SimMembers;
  readonly #process: SimProcess;
  readonly #time: VirtualTime;
  readonly #act: () => Promise<Result>;
  readonly #again: (() => boolean) | undefined;
  #isRepeated = false;

  constructor(
    process: SimProcess,
    time: VirtualTime,
    network: SimNetwork,
    members: SimMembers,
    act: () => Promise<Result>,
    /** Whether it is done, and its connection breaks before the answer: then it is sent once more. */
    again?: () => boolean,
  ) {
    const { host } = process;
    const thereMs = network.streamDelay(host);
    const backMs = network.streamDelay(host);
    super(process, time, { port: 'messaging', thereMs, backMs, timeoutMs: TIMEOUT_MS });
    this.#members = members;
    this.#process = process;
    this.#act = act;
    this.#time = time;
    this.#again = again;
  }

  protected override reachable(): boolean {
    return this.#members.serves(this.#process.host);
  }

  protected override act(): Promise<Result> {
    return this.#act();
  }

  protected override arrive(): void {
    if (this.#isRepeated || this.#again?.() !== true) {
      this.proceed();
      return;
    }
    this.#isRepeated = true;
    this.#act().catch(() => {}); // nobody hears of it: what the repetition comes to is the answer
    this.#time.plan(RECONNECT_MS, this);
  }

  protected override unavailable(): Error {
    return new TransportUnavailable(`no answer from messaging within ${TIMEOUT_MS} ms`);
  }
}

/**
 * What a process on a host sees of the messaging servers whose state is `inner`: far away, gone without a majority of
 * members in reach, a commit's outcome unknown when the answer is lost, acknowledgements that get lost, messages twice: handed over, or stored.
 */
export function openTransport(
  inner: Transport,
  bus: SimBus,
  process: SimProcess,
  time: VirtualTime,
  network: SimNetwork,
  members: SimMembers,
): Transport {
  const { host } = process;
  const reachable = () => members.serves(host);
  const call = <Result>(act: () => Promise<Result>): Promise<Result> =>
    new MessagingCall(process, time, network, members, act).begin();
  const hand = createHandOver({
    process,
    time,
    network,
    members,
    isStored: (delivery) => call(() => delivery.isStored()),
  });
  return {
    partitions: inner.partitions,
    atomicOutgoing: inner.atomicOutgoing,
    boundedRedelivery: inner.boundedRedelivery,
    maxBodyBytes: inner.maxBodyBytes,
    schedules: inner.schedules,
    bus: bus.open(process),
    deliver: (message) => {
      const again = () => network.breaksAt(host, time.now);
      return new MessagingCall(process, time, network, members, () => inner.deliver(message), again).begin();
    },
    commit: (step) => call(() => inner.commit(step)),
    latest: (address) => call(() => inner.latest(address)),
    sweep: (partition) => call(() => inner.sweep(partition)),
    history: (address, limit) => call(() => inner.history(address, limit)),
    consume: async (partition, receive) => {
      const line = new DeliveryLine(hand(receive));
      const subscription = new Subscription({
        ...{ inner, partition, process, time, reachable },
        receive: (delivery) => line.take(delivery),
        onDrop: () => line.reset(),
      });
      const close = await openLasting(process, call, async () => {
        await subscription.open();
        return () => subscription.stop();
      });
      return { stop: async () => close() };
    },
    watch: (kinds, listener) =>
      openLasting(process, call, () =>
        inner.watch(kinds, (entry) => {
          time.after(network.delay(host), () => {
            if (reachable()) process.run(() => listener(entry));
          });
        }),
      ),
    isFull: (address) => inner.isFull(address),
    deadLetters: (limit) => call(() => inner.deadLetters(limit)),
    deadLetter: (message, reason) => call(() => inner.deadLetter(message, reason)),
    close: async () => {},
  };
}
