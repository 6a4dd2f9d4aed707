import type { NatsConnection } from '@nats-io/transport-node';
import { publishWhenLed } from './publish-when-led.ts';
import type { StreamWrite } from './raw-publish.ts';

/**
 * Single writes under way at once. The servers take them one by one, and each has a deadline from when it was sent: a
 * thousand at once would wait for each other so long on a busy machine that the last ones count as lost, are sent again, and
 * add to what the servers have to do. Far more than are needed to keep them busy.
 */
export const WRITES_AT_ONCE = 256;

/** Stores single messages, in the order of the calls. */
export class SingleWrites {
  readonly #connection: () => NatsConnection;
  readonly #timeoutMs: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(connection: () => NatsConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** Returns the sequence. Throws as `publishWhenLed`. */
  async write(write: StreamWrite): Promise<number> {
    if (this.#underWay < WRITES_AT_ONCE) this.#underWay += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve)); // its place is handed on to this one
    try {
      return await publishWhenLed(this.#connection, [write], this.#timeoutMs);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay -= 1;
      else next();
    }
  }
}
