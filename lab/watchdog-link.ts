import type { Watchdog } from '#ports';

/** The agent's side of the node's watchdog; `node-init` passes it on. A message that does not arrive is a missed kick. */
export class WatchdogLink implements Watchdog {
  arm(timeoutMs: number): void {
    this.#send({ do: 'arm', timeoutMs });
  }

  kick(): void {
    this.#send({ do: 'kick' });
  }

  #send(message: object): void {
    if (process.send === undefined) throw new Error('no watchdog: this program runs only under node-init.ts');
    process.send(message);
  }
}
