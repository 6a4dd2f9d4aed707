import type { NatsConnection } from '@nats-io/transport-node';
import { transportError, WriteImpossible, WriteRefused } from './errors.ts';
import { encodePack, inParts, type Letter } from './pack.ts';
import { publishWhenLed } from './publish-when-led.ts';
import { LONGEST_SUBJECT, type StreamWrite } from './raw-publish.ts';
import { SingleWrites } from './single-writes.ts';

/** Whether a letter goes in a pack. */
type Packs = (letter: Letter) => boolean;

interface Unit {
  readonly writes: readonly StreamWrite[];
  readonly letters: readonly Letter[];
  readonly resolve: (sequence: number) => void;
  readonly reject: (error: Error) => void;
}

export interface GroupCommitOptions {
  /** False: the server takes no atomic batches; every unit is one message, sent as soon as few are under way. */
  readonly atomic: boolean;
  readonly timeoutMs: number;
  /** Batches under way at once. */
  readonly inFlight: number;
  /** Messages in one batch (the server's limit is 1,000). */
  readonly batchMessages: number;
  /** Whether a letter to that partition may be stored in one message with others. Never when not given. */
  readonly mayPack?: (partition: number) => boolean;
  /** A new subject for a pack. */
  readonly packSubject?: () => string;
  /** The largest message that the servers take; no bound when not given. */
  readonly maxBodyBytes?: () => number;
}

const BATCH_BYTES = 2_000_000;
const PACK_BYTES = 256_000;

/**
 * Stores units (one step with its outgoing messages, or one message) atomically, and many units of one moment in one
 * atomic batch: while a batch is under way the next one fills. When one unit is at fault (it lost its compare-and-set, or
 * cannot be stored at all) none of its batch is stored, and the batch is halved until that one stands alone; the others land.
 * What the units of a batch send goes into one message where that may be: it is stored by three servers at once then.
 */
export class GroupCommit {
  readonly #connection: () => NatsConnection;
  readonly #options: GroupCommitOptions;
  readonly #singles: SingleWrites;
  readonly #queue: Unit[] = [];
  #inFlight = 0;
  #last: NatsConnection | undefined;

  /** `connection`: asked before each batch. When it changes, what is under way ends first, so that the order stays. */
  constructor(connection: () => NatsConnection, options: GroupCommitOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#singles = new SingleWrites(connection, options.timeoutMs);
  }

  /**
   * Returns the sequence of the first of `writes`. Throws `WriteRefused` when this unit lost its compare-and-set,
   * `WriteImpossible` (terminal) when it can never be stored, else `TransportUnavailable` (outcome unknown).
   */
  write(writes: readonly StreamWrite[], letters: readonly Letter[] = NO_LETTERS): Promise<number> {
    const first = writes[0];
    if (!this.#options.atomic) {
      if (first === undefined || writes.length !== 1 || letters.length > 0)
        throw new RangeError('one message a unit without atomic batches');
      return this.#singles.write(first).catch(rethrow);
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ writes, letters, resolve, reject });
      // After the current turn, so that all units of this turn go together.
      if (this.#queue.length === 1) setImmediate(() => this.#pump());
    });
  }

  #pump(): void {
    while (this.#inFlight < this.#options.inFlight && this.#queue.length > 0) {
      const connection = this.#connection();
      if (connection !== this.#last && this.#inFlight > 0) return;
      this.#last = connection;
      this.#inFlight += 1;
      const packs = this.#packs();
      void this.#send(this.#take(packs), packs).finally(() => {
        this.#inFlight -= 1;
        this.#pump();
      });
    }
  }

  /** From the front of the queue, as much as fits; a subject with an expectation only once in a batch. */
  #take(packs: Packs): Unit[] {
    const taken: Unit[] = [];
    const guarded = new Set<string>();
    let messages = 0;
    let bytes = 0;
    for (const unit of this.#queue) {
      messages += unit.writes.length;
      for (const write of unit.writes) bytes += write.data.length;
      for (const letter of unit.letters) {
        bytes += letter.data.length;
        if (!packs(letter)) messages += 1;
      }
      const subject = unit.writes.find((write) => write.expected !== undefined)?.subject;
      const full = messages > this.#options.batchMessages || bytes > BATCH_BYTES;
      if (taken.length > 0 && (full || (subject !== undefined && guarded.has(subject)))) break;
      if (subject !== undefined) guarded.add(subject);
      taken.push(unit);
    }
    this.#queue.splice(0, taken.length);
    return taken;
  }

  /**
   * What may be packed may change at any time. It is asked once for each partition of a batch, so that letters of a step to
   * one actor go the same way, in order, and what was counted for a batch holds when it is halved.
   */
  #packs(): Packs {
    const { mayPack, packSubject } = this.#options;
    const asked = new Map<number, boolean>();
    return ({ partition, subject }) => {
      // What could not be stored alone is not stored at all.
      if (mayPack === undefined || packSubject === undefined || subject.length > LONGEST_SUBJECT) return false;
      const known = asked.get(partition);
      if (known !== undefined) return known;
      const may = mayPack(partition);
      asked.set(partition, may);
      return may;
    };
  }

  /** In packs what may be, the others by themselves. */
  #post(letters: readonly Letter[], packs: Packs): StreamWrite[] {
    const { packSubject, maxBodyBytes } = this.#options;
    const packed = letters.filter((letter) => packs(letter));
    if (packSubject === undefined || packed.length < 2) return letters.map(alone);
    const most = Math.min(PACK_BYTES, maxBodyBytes?.() ?? PACK_BYTES);
    const stored = inParts(packed, most).map((part) => ({ subject: packSubject(), data: encodePack(part) }));
    return [...letters.filter((letter) => !packs(letter)).map(alone), ...stored];
  }

  async #send(units: readonly Unit[], packs: Packs): Promise<void> {
    const letters = units.flatMap((unit) => unit.letters);
    const writes = [...units.flatMap((unit) => unit.writes), ...this.#post(letters, packs)];
    try {
      let sequence = await publishWhenLed(this.#connection, writes, this.#options.timeoutMs);
      for (const unit of units) {
        unit.resolve(sequence);
        sequence += unit.writes.length;
      }
    } catch (error) {
      if (units.length > 1 && hasCulprit(error)) {
        const half = units.length >> 1;
        await this.#send(units.slice(0, half), packs);
        await this.#send(units.slice(half), packs);
        return;
      }
      for (const unit of units) unit.reject(writeError(error));
    }
  }
}

const NO_LETTERS: readonly Letter[] = [];

function alone({ subject, data }: Letter): StreamWrite {
  return { subject, data };
}

/** None of them was stored, and for what one of them is. */
function hasCulprit(error: unknown): boolean {
  return error instanceof WriteImpossible || (error instanceof WriteRefused && error.hasCulprit);
}

/** A lost compare-and-set stays as it is for the one who knows what it means; the rest is "unavailable". */
function writeError(error: unknown): Error {
  return error instanceof WriteRefused && error.lostCompareAndSet ? error : transportError(error);
}

function rethrow(error: unknown): never {
  throw writeError(error);
}
