import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { fetchMessages } from './fetch-messages.ts';
import { BARRIER_SUBJECT } from './subjects.ts';

export interface StreamState {
  readonly sequence: number;
  readonly text: string;
}

/**
 * What the database's stream says, subject by subject. Linearizable by a *barrier*: `refresh` appends a message, which
 * only a leader with a majority can acknowledge, then applies what replicas have, up to the end of one that has the
 * barrier. Everything acknowledged before `refresh` began has a lower sequence than the barrier, so it is
 * applied. Stopping at the barrier itself would not do: a message before it may have been replaced by one after it.
 */
export class StreamView {
  readonly #connection: NatsConnection;
  readonly #stream: JetStreamClient;
  readonly #timeoutMs: number;
  readonly #states = new Map<string, StreamState>();
  #seen = 0;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(connection: NatsConnection, stream: JetStreamClient, timeoutMs: number) {
    this.#connection = connection;
    this.#stream = stream;
    this.#timeoutMs = timeoutMs;
  }

  get(subject: string): StreamState | undefined {
    return this.#states.get(subject);
  }

  /** All subjects that begin so. */
  entries(prefix: string): readonly (readonly [string, StreamState])[] {
    return [...this.#states].filter(([subject]) => subject.startsWith(prefix));
  }

  /** An own write that was acknowledged; older news than what is known changes nothing. */
  apply(subject: string, state: StreamState): void {
    if (state.sequence > (this.#states.get(subject)?.sequence ?? 0)) this.#states.set(subject, state);
  }

  /** Resolves when everything that was acknowledged to anybody before this call is seen. Calls share barriers. */
  refresh(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#refreshOnce().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    // The running barrier may have been written before this call: only the next one covers it.
    this.#next ??= this.#running
      .catch(() => undefined) // told to those who wait for it; the next one tries by itself
      .then(() => {
        this.#next = undefined;
        return this.refresh();
      });
    return this.#next;
  }

  async #refreshOnce(): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      const barrier = await this.#stream.publish(BARRIER_SUBJECT, '', { timeout: this.#timeoutMs });
      if (await this.#catchUp(barrier.seq, deadline)) return;
    }
  }

  /**
   * True when one answer reached from what was seen before to the replica's end, and that is not before `barrier`. False
   * after a cut answer: it may have skipped a message that was replaced by one that this replica had and the next has not.
   */
  async #catchUp(barrier: number, deadline: number): Promise<boolean> {
    for (;;) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`no replica that answers has message ${barrier} (seen ${this.#seen})`);
      const { messages, complete } = await fetchMessages(this.#connection, this.#seen + 1, left);
      for (const { subject, sequence, text } of messages) {
        this.apply(subject, { sequence, text });
        this.#seen = Math.max(this.#seen, sequence);
      }
      if (!complete) return false;
      if (this.#seen >= barrier) return true;
      // This replica is behind: the next request may reach another one, or this one later.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
