import { type Bus, RequestFailed, RequestTimeout } from '#actors';
import { PlannedEvent } from '../event-heap.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimHost } from './host.ts';
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

/** A message on its way. A stalled receiver reads what came meanwhile when it runs again. */
abstract class Arrival extends PlannedEvent {
  readonly #members: SimMembers;
  readonly #from: SimHost;
  readonly #to: SimProcess;

  constructor(members: SimMembers, from: SimHost, to: SimProcess) {
    super();
    this.#members = members;
    this.#from = from;
    this.#to = to;
  }

  protected abstract arrive(): void;

  happen(): void {
    if (!this.#members.connects(this.#from, this.#to.host)) return;
    if (this.#to.isRunning) this.arrive();
    else this.#to.run(() => this.arrive());
  }
}

/** Something published, on its way to one of those who listen. */
class Publication extends Arrival {
  readonly #subscriber: Subscriber;
  readonly #payload: unknown;
  readonly #subject: string;

  constructor(members: SimMembers, from: SimHost, subscriber: Subscriber, payload: unknown, subject: string) {
    super(members, from, subscriber.process);
    this.#subscriber = subscriber;
    this.#payload = payload;
    this.#subject = subject;
  }

  protected override arrive(): void {
    this.#subscriber.receive(this.#payload, this.#subject);
  }
}

/** A request or its answer, on its way to one process. */
class Letter extends Arrival {
  readonly #read: () => void;

  constructor(members: SimMembers, from: SimHost, to: SimProcess, read: () => void) {
    super(members, from, to);
    this.#read = read;
  }

  protected override arrive(): void {
    this.#read();
  }
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
      publish: (subject, payload) => {
        this.#publish(process, subject, payload);
        process.reach('bus.publish');
      },
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
      const { process: to } = subscriber;
      for (let left = this.#copiesSent(from, to); left > 0; left -= 1)
        this.#plan(from, to, new Publication(this.#members, from.host, subscriber, received, subject));
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
      const back = (settle: () => void) => {
        this.#write(answerer.process, from, () => {
          deadline.cancel();
          settle();
        });
        answerer.process.reach('bus.answer');
      };
      const received = overTheWire(payload);
      this.#write(from, answerer.process, () => {
        answerer.handle(received).then(
          (result) => {
            const reply = overTheWire(result);
            back(() => resolve(reply));
          },
          (error: unknown) => back(() => reject(new RequestFailed(describe(error)))),
        );
      });
      from.reach('bus.request');
    });
  }

  #write(from: SimProcess, to: SimProcess, read: () => void): void {
    for (let left = this.#copiesSent(from, to); left > 0; left -= 1)
      this.#plan(from, to, new Letter(this.#members, from.host, to, read));
  }

  /** So many copies of one message leave for its receiver. */
  #copiesSent(from: SimProcess, to: SimProcess): number {
    const network = this.#network;
    if (!from.alive || !this.#members.connects(from.host, to.host)) return 0;
    if (network.loses(from.host) || network.loses(to.host)) return 0;
    return network.duplicates(from.host) ? 2 : 1;
  }

  #plan(from: SimProcess, to: SimProcess, arrival: Arrival): void {
    this.#time.plan(this.#network.delay(from.host) + this.#network.delay(to.host), arrival);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? `${String(error.code)}: ` : '';
  return `${code}${error.message}`;
}
