import { errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { type Bus, RequestFailed, RequestTimeout, type Unsubscribe } from '#actors';
import { transportError } from './errors.ts';

const answerSchema = z.union([
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), why: z.string() }),
]);

/** The bus on core NATS: nothing is stored, a message without a subscriber is gone. */
export class NatsBus implements Bus {
  readonly #connection: NatsConnection;
  readonly #prefix: string;

  constructor(connection: NatsConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = `${prefix}.bus.`;
  }

  publish(subject: string, payload: unknown): void {
    // A message may always be lost, so also when the connection has ended.
    if (this.#connection.isClosed()) return;
    this.#connection.publish(this.#prefix + subject, JSON.stringify(payload ?? null));
  }

  #listen(subject: string, receive: (payload: unknown, message: Msg) => void): Unsubscribe {
    const subscription = this.#connection.subscribe(this.#prefix + subject, {
      callback: (error, message) => {
        if (error !== null) return;
        let payload: unknown;
        try {
          payload = message.json();
        } catch {
          // Not JSON: not one of ours, and the bus promises nothing about foreign messages.
          return;
        }
        receive(payload, message);
      },
    });
    return () => subscription.unsubscribe();
  }

  subscribe(subject: string, listener: (payload: unknown, subject: string) => void): Unsubscribe {
    return this.#listen(subject, (payload, message) => listener(payload, message.subject.slice(this.#prefix.length)));
  }

  answer(subject: string, handler: (payload: unknown) => Promise<unknown>): Unsubscribe {
    return this.#listen(subject, (payload, message) => {
      void (async () => {
        let answer: z.infer<typeof answerSchema>;
        try {
          answer = { ok: true, value: (await handler(payload)) ?? null };
        } catch (error) {
          const code = error instanceof Error && 'code' in error ? `${String(error.code)}: ` : '';
          answer = { ok: false, why: code + (error instanceof Error ? error.message : String(error)) };
        }
        if (this.#connection.isClosed()) return;
        try {
          message.respond(JSON.stringify(answer));
        } catch (error) {
          // Larger than the servers take: the one who asked hears at least that.
          message.respond(JSON.stringify({ ok: false, why: `the answer cannot be sent: ${String(error)}` }));
        }
      })();
    });
  }

  async request(subject: string, payload: unknown, timeoutMs: number): Promise<unknown> {
    let reply: Msg;
    try {
      const body = JSON.stringify(payload ?? null);
      reply = await this.#connection.request(this.#prefix + subject, body, { timeout: timeoutMs });
    } catch (error) {
      const nobody = error instanceof errors.RequestError && error.isNoResponders();
      if (nobody || error instanceof errors.TimeoutError) {
        throw new RequestTimeout(`nobody answered on ${subject} within ${timeoutMs} ms`, { cause: error });
      }
      throw transportError(error);
    }
    const answer = answerSchema.parse(reply.json());
    if (!answer.ok) throw new RequestFailed(answer.why);
    return answer.value;
  }
}
