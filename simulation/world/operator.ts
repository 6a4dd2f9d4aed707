import type { MailboxMessage, Transport } from '#actors';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimHost } from './host.ts';
import type { SimMembers } from './members.ts';

/** How long the operator waits before trying again. */
const AGAIN_MS = 1000;

export interface OperatorOptions {
  readonly time: VirtualTime;
  readonly transport: Transport;
  readonly messaging: SimMembers;
  readonly hosts: readonly SimHost[];
  /** A message that messaging did not want. */
  readonly refused: (error: unknown) => void;
}

/** A person with a console on some host that messaging answers: commands reach it in the order in which they were given. */
export class Operator {
  readonly #options: OperatorOptions;
  readonly #waiting: MailboxMessage[] = [];
  #given = 0;
  #busy = false;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  tell(to: `${'vm' | 'node' | 'cluster'}/${string}`, event: MailboxMessage['event']): void {
    this.#given += 1;
    this.#waiting.push({
      id: `operator-${this.#given}`,
      to: to as MailboxMessage['to'], // kind/id by its type, ids checked with the scenario
      from: 'external:operator',
      event,
    });
    if (!this.#busy) this.#send();
  }

  #send(): void {
    const { time, transport, messaging, hosts, refused } = this.#options;
    const [next] = this.#waiting;
    this.#busy = next !== undefined;
    if (next === undefined) return;
    if (!hosts.some((host) => host.alive && messaging.serves(host))) {
      time.after(AGAIN_MS, () => this.#send());
      return;
    }
    this.#waiting.shift();
    transport.deliver(next).then(
      () => this.#send(),
      (error: unknown) => {
        refused(error);
        this.#send();
      },
    );
  }
}
