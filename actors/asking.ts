import { z } from 'zod';
import type { Bus, Unsubscribe } from './bus.ts';
import type { Clock, Timer } from './clock.ts';
import type { StepRecord } from './envelope.ts';
import { MalformedEvent, NotAnswered, RequestTimeout, SystemStopped } from './errors.ts';
import type { Address } from './transport.ts';
import { waitsForRelease } from './waits-for-release.ts';

const answer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), outcome: z.string(), why: z.string() }),
]);

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timers: { deadline: Timer; look: Timer | undefined };
}

export interface Question {
  /** Of the message that asks. */
  readonly id: string;
  readonly to: Address;
  /** For people. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly send: (replyTo: string) => Promise<void>;
}

/** The first look for the reason when no answer comes; later ones after twice as long each. */
const FIRST_LOOK_MS = 400;
/** Of as many receivers: when thousands are behind with their answers, looking after them all would not help. */
const LOOKS_AT_ONCE = 16;

/** The questions of this host that wait for an answer, on one bus subject. */
export class Asking {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #prefix: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #lastStepOf: (actor: Address) => Promise<StepRecord | undefined>;
  readonly #looking = new Map<Address, Promise<StepRecord | undefined>>();
  #unsubscribe: Unsubscribe | undefined;

  constructor(bus: Bus, clock: Clock, hostId: string, lastStepOf: (actor: Address) => Promise<StepRecord | undefined>) {
    this.#lastStepOf = lastStepOf;
    this.#bus = bus;
    this.#clock = clock;
    this.#prefix = `replies.${hostId}`;
  }

  start(): void {
    this.#unsubscribe = this.#bus.subscribe(`${this.#prefix}.>`, (payload, subject) =>
      this.#answered(payload, subject),
    );
  }

  stop(): void {
    this.#unsubscribe?.();
    for (const id of [...this.#waiting.keys()]) {
      this.#settled(id)?.reject(new SystemStopped('the actor system was stopped'));
    }
  }

  /** Waits for the answer; `send` is given the subject to answer on. */
  ask({ id, to, what, timeoutMs, send }: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.after(timeoutMs, () => {
        this.#settled(id)?.reject(new RequestTimeout(`${what}: no answer within ${timeoutMs} ms`));
      });
      this.#waiting.set(id, { resolve, reject, timers: { deadline, look: undefined } });
      this.#lookLater(id, to, Math.min(FIRST_LOOK_MS, timeoutMs / 2));
      send(`${this.#prefix}.${id}`).catch((error: unknown) => {
        this.#settled(id)?.reject(error as Error); // what `deliver` throws
      });
    });
  }

  /** The receiver itself says why it does not answer, but only to those it has heard. */
  #lookLater(id: string, to: Address, waitMs: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    waiting.timers.look = this.#clock.after(waitMs, async () => {
      const why = waitsForRelease(await this.#look(to), id);
      if (why !== undefined) this.#settled(id)?.reject(new NotAnswered(why));
      else this.#lookLater(id, to, 2 * waitMs);
    });
  }

  /** One look for all who ask the same actor just now. Undefined also when that is not known: a later look may tell. */
  async #look(to: Address): Promise<StepRecord | undefined> {
    if (!this.#looking.has(to) && this.#looking.size >= LOOKS_AT_ONCE) return undefined;
    const look = this.#looking.get(to) ?? this.#lastStepOf(to).catch(() => undefined);
    this.#looking.set(to, look);
    try {
      return await look;
    } finally {
      this.#looking.delete(to);
    }
  }

  /** It waits no longer; undefined when it did not. */
  #settled(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.timers.deadline.cancel();
    waiting?.timers.look?.cancel();
    return waiting;
  }

  #answered(payload: unknown, subject: string): void {
    const id = subject.slice(this.#prefix.length + 1);
    const parsed = answer.safeParse(payload);
    if (!parsed.success) return; // not ours
    const waiting = this.#settled(id);
    if (parsed.data.ok) waiting?.resolve(parsed.data.value);
    else waiting?.reject(failure(parsed.data.outcome, parsed.data.why));
  }
}

function failure(outcome: string, why: string): Error {
  return outcome === 'refused' ? new MalformedEvent(why) : new NotAnswered(`${outcome}: ${why}`);
}
