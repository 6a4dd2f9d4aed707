/** Takes a subscription back. */
export type Unsubscribe = () => void;

/**
 * Messages that may be lost, duplicated or late, and leave no trace: heartbeats, observations, request and reply.
 * Anything whose loss matters goes through a mailbox instead.
 */
export interface Bus {
  /** Sends a JSON value to every subscriber of `subject`; never throws, never waits. */
  publish(subject: string, payload: unknown): void;
  /** `subject` may end in `.>` (everything below). Payloads are unvalidated: the receiver parses them. */
  subscribe(subject: string, listener: (payload: unknown, subject: string) => void): Unsubscribe;
  /** Answers requests on `subject`. A throwing handler answers with an error that the requester sees. */
  answer(subject: string, handler: (payload: unknown) => Promise<unknown>): Unsubscribe;
  /** Asks and waits. Throws `RequestTimeout` (retryable) when nobody answered in time, `RequestFailed` when the handler threw. */
  request(subject: string, payload: unknown, timeoutMs: number): Promise<unknown>;
}
