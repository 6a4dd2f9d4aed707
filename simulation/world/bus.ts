import { type Bus, RequestFailed, RequestTimeout } from '#actors';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimProcess } from './host.ts';
import type { SimNetwork } from './network.ts';

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
  readonly #subscribers = new Set<Subscriber>();
  readonly #answerers = new Set<Answerer>();

  constructor(time: VirtualTime, network: SimNetwork) {
    this.#time = time;
    this.#network = network;
  }

  open(process: SimProcess): Bus {
    const keep = <Item>(set: Set<Item>, item: Item) => {
      set.add(item);
      const drop = () => {
        set.delete(item);
      };
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
    const text = JSON.stringify(payload);
    for (const subscriber of this.#subscribers) {
      if (matches(subscriber.subject, subject)) {
        this.#send(from, subscriber.process, () => subscriber.receive(JSON.parse(text), subject));
      }
    }
  }

  #request(from: SimProcess, subject: string, payload: unknown, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!from.alive) return;
      const deadline = from.later(timeoutMs, () =>
        reject(new RequestTimeout(`nobody answered ${subject} within ${timeoutMs} ms`)),
      );
      const answerer = [...this.#answerers].find((each) => matches(each.subject, subject));
      if (answerer === undefined) return;
      const back = (settle: () => void) =>
        this.#send(answerer.process, from, () => {
          deadline.cancel();
          settle();
        });
      const text = JSON.stringify(payload ?? null);
      this.#send(from, answerer.process, () => {
        answerer.handle(JSON.parse(text)).then(
          (result) => {
            const reply = JSON.stringify(result ?? null);
            back(() => resolve(JSON.parse(reply)));
          },
          (error: unknown) => back(() => reject(new RequestFailed(describe(error)))),
        );
      });
    });
  }

  #send(from: SimProcess, to: SimProcess, arrive: () => void): void {
    const network = this.#network;
    if (!from.alive || !network.busConnects(from.host, to.host) || network.loses()) return;
    const copies = network.duplicates() ? 2 : 1;
    for (let i = 0; i < copies; i += 1) {
      this.#time.after(network.delay(), () => {
        if (network.busConnects(from.host, to.host)) to.run(arrive);
      });
    }
  }
}

/** `a.>` matches everything below `a`. */
function matches(pattern: string, subject: string): boolean {
  return pattern === subject || (pattern.endsWith('.>') && subject.startsWith(pattern.slice(0, -1)));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? `${String(error.code)}: ` : '';
  return `${code}${error.message}`;
}
