import { type Bus, RequestFailed, RequestTimeout } from '#actors';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimMembers } from './members.ts';
import type { SimNetwork } from './network.ts';
import type { SimProcess } from './sim-process.ts';
import { SubjectTable } from './subject-table.ts';
import { overTheWire } from './wire.ts';

interface Subscriber {
  readonly process: SimProcess;
  readonly subject: string;
  receive(payload: unknown, subject: string): void;
}

interface Answerer {
  readonly process: SimProcess;
  readonly subject: string;
  handle(payload: unknown): Promise<unknown>;
}

/** Messages without a trace between processes: late, lost, twice, never to a host that cannot be reached. */
export class SimBus {
  readonly #time: VirtualTime;
  readonly #network: SimNetwork;
  readonly #members: SimMembers;
  readonly #subscribers = new SubjectTable<Subscriber>();
  readonly #answerers = new SubjectTable<Answerer>();

  constructor(time: VirtualTime, network: SimNetwork, members: SimMembers) {
    this.#time = time;
    this.#network = network;
    this.#members = members;
  }

  open(process: SimProcess): Bus {
    const keep = <Item extends { readonly subject: string }>(table: SubjectTable<Item>, item: Item) => {
      const drop = table.add(item);
      process.atDeath(drop);
      return drop;
    };
    return {
      publish: (subject, payload) => this.#publish(process, subject, payload),
      subscribe: (subject, listener) => keep(this.#subscribers, { process, subject, receive: listener }),
      answer: (subject, handle) => keep(this.#answerers, { process, subject, handle }),
      request: (subject, payload, timeoutMs) => this.#request(process, subject, payload, timeoutMs),
    };
  }

  #publish(from: SimProcess, subject: string, payload: unknown): void {
    if (!from.alive) return;
    const subscribers = this.#subscribers.for(subject);
    if (subscribers.length === 0) return;
    const received = overTheWire(payload);
    for (const subscriber of subscribers) {
      this.#send(from, subscriber.process, () => subscriber.receive(received, subject));
    }
  }

  #request(from: SimProcess, subject: string, payload: unknown, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!from.alive) return;
      const deadline = from.later(timeoutMs, () =>
        reject(new RequestTimeout(`nobody answered ${subject} within ${timeoutMs} ms`)),
      );
      const answerer = this.#answerers.for(subject)[0];
      if (answerer === undefined) return;
      const back = (settle: () => void) =>
        this.#send(answerer.process, from, () => {
          deadline.cancel();
          settle();
        });
      const received = overTheWire(payload);
      this.#send(from, answerer.process, () => {
        answerer.handle(received).then(
          (result) => {
            const reply = overTheWire(result);
            back(() => resolve(reply));
          },
          (error: unknown) => back(() => reject(new RequestFailed(describe(error)))),
        );
      });
    });
  }

  /** A stalled receiver reads what came meanwhile when it runs again. */
  #send(from: SimProcess, to: SimProcess, arrive: () => void): void {
    const network = this.#network;
    const members = this.#members;
    if (!from.alive || !members.connects(from.host, to.host)) return;
    if (network.loses(from.host) || network.loses(to.host)) return;
    const copies = network.duplicates(from.host) ? 2 : 1;
    for (let i = 0; i < copies; i += 1) {
      this.#time.after(network.delay(from.host) + network.delay(to.host), () => {
        if (members.connects(from.host, to.host)) to.run(arrive);
      });
    }
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? `${String(error.code)}: ` : '';
  return `${code}${error.message}`;
}
