import { z } from 'zod';
import type { Bus } from '#actors';
import type { MailboxCleaner } from './mailbox-cleaner.ts';

const SUBJECT = 'mailboxes.done';
const ROUND_MS = 250;
/** Rounds after which what others hold up is removed for the partition alone: dear, so later when it is much. */
const PATIENCE = { few: 2, many: 8 };
const FEW = 64;
/** How long an owner that stops waits for servers that confirm nothing. */
const SILENCE_MS = 2_000;

const news = z.object({ of: z.string(), below: z.array(z.tuple([z.number().int(), z.number().int()])) });

export interface MailboxSweeperOptions {
  readonly bus: Bus;
  readonly partitions: number;
  /** Which stream: numbers of another one of the same name mean nothing here. */
  readonly identity: string;
  /** Removes all mailbox messages below, of every partition; calls back when that is certain. */
  readonly purge: (below: number, removed: () => void) => void;
  /**
   * Asked of the servers: `head` when nothing of the partition is stored below it, else `from`, below which it is known to
   * be done with.
   */
  readonly doneBelow: (partition: number, from: number, head: number) => Promise<number>;
  /** Resolves when all removals asked for so far are certain, or none of them was confirmed for that long. */
  readonly settled: (silenceMs: number) => Promise<void>;
}

/**
 * Removes acknowledged mailbox messages of all partitions by one purge, a few times a second: a purge walks every message
 * of its time, so one a partition walked each of them sixty-four times and cost the servers more than storing them.
 *
 * A purge may go up to where every partition is done with. Hosts tell each other how far that is for theirs; what one
 * of them once said stays true, since an acknowledged message is committed. Partitions of which nothing is heard are
 * looked up. A partition that is held up (a parked actor) makes the others clean up one by one, dearer but no less sure.
 */
export class MailboxSweeper {
  readonly #options: MailboxSweeperOptions;
  readonly #cleaners = new Map<MailboxCleaner, number>();
  readonly #done = new Map<number, number>();
  readonly #told = new Map<number, number>();
  /** Those in a hurry; true when they called again meanwhile. */
  readonly #hurried = new Map<MailboxCleaner, boolean>();
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #stopped = false;

  constructor(options: MailboxSweeperOptions) {
    this.#options = options;
    this.#unsubscribe = options.bus.subscribe(SUBJECT, (payload) => {
      const heard = news.safeParse(payload);
      if (heard.success && heard.data.of === options.identity)
        for (const [partition, below] of heard.data.below) this.#raise(partition, below);
    });
  }

  add(cleaner: MailboxCleaner, partition: number): void {
    this.#cleaners.set(cleaner, partition);
  }

  /**
   * Removes what is acknowledged so far; later acknowledgements are removed at once. Waits as long as the servers go on
   * confirming, however slowly, but not for silent ones: what stays comes again and is recognised.
   */
  async remove(cleaner: MailboxCleaner): Promise<void> {
    const partition = this.#cleaners.get(cleaner);
    if (partition === undefined) return;
    // A round asks about many partitions, which takes long on loaded servers: not for a few messages.
    if (cleaner.waitsBelow !== undefined && this.#waiting() > FEW) await withinSilence(this.hurry());
    this.#raise(partition, cleaner.low);
    this.#cleaners.delete(cleaner);
    cleaner.close();
    await this.#options.settled(SILENCE_MS);
  }

  /** Sees to it that there is a round soon. */
  later(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.hurry();
    }, ROUND_MS);
    this.#timer.unref();
  }

  /** Somebody waits for removals in this partition: rounds at once, also for what was acknowledged during the last. */
  async hurryFor(cleaner: MailboxCleaner): Promise<void> {
    if (this.#hurried.has(cleaner)) {
      this.#hurried.set(cleaner, true);
      return;
    }
    for (let again: boolean | undefined = true; again === true; again = this.#hurried.get(cleaner)) {
      this.#hurried.set(cleaner, false);
      const waited = cleaner.waitsBelow;
      if (waited === undefined) break;
      await this.hurry();
      if (cleaner.waitsBelow === waited) cleaner.removeLeft(0);
    }
    this.#hurried.delete(cleaner);
  }

  /** A round at once, or after the one that is under way; resolves when it has ended. */
  async hurry(): Promise<void> {
    while (this.#round !== undefined) await this.#round;
    if (this.#stopped) return;
    this.#round = this.#sweep().finally(() => {
      this.#round = undefined;
    });
    await this.#round;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }

  #raise(partition: number, below: number): void {
    if (below > (this.#done.get(partition) ?? 1)) this.#done.set(partition, below);
  }

  async #sweep(): Promise<void> {
    for (const [cleaner, partition] of this.#cleaners) this.#raise(partition, cleaner.low);
    this.#tell();
    const waiting = [...this.#cleaners.keys()].flatMap((cleaner) => cleaner.waitsBelow ?? []);
    if (waiting.length === 0) return;
    const oldest = Math.min(...waiting);
    await this.#lookUp(oldest);
    const below = Math.min(...this.#all().map((partition) => this.#done.get(partition) ?? 1));
    if (below >= oldest) await this.#purge(below);
    for (const cleaner of this.#cleaners.keys()) cleaner.removedBelow(below);
    const left = this.#waiting();
    for (const cleaner of this.#cleaners.keys()) cleaner.removeLeft(left <= FEW ? PATIENCE.few : PATIENCE.many);
    if ([...this.#cleaners.keys()].some((cleaner) => cleaner.waitsBelow !== undefined)) this.later();
  }

  /** Acknowledged messages that wait to be removed. */
  #waiting(): number {
    return [...this.#cleaners.keys()].reduce((sum, cleaner) => sum + cleaner.waiting, 0);
  }

  #all(): number[] {
    return Array.from({ length: this.#options.partitions }, (_, partition) => partition);
  }

  #purge(below: number): Promise<void> {
    return new Promise((resolve) => this.#options.purge(below, resolve));
  }

  #tell(): void {
    const below: [number, number][] = [];
    for (const partition of this.#cleaners.values()) {
      const done = this.#done.get(partition) ?? 1;
      if (done === this.#told.get(partition)) continue;
      this.#told.set(partition, done);
      below.push([partition, done]);
    }
    if (below.length > 0) this.#options.bus.publish(SUBJECT, { of: this.#options.identity, below });
  }

  /** Asks about the partitions that hold the purge up: nobody serves them, or nothing was sent to them for long. */
  async #lookUp(wanted: number): Promise<void> {
    // Taken before asking: what the leader stores afterwards lies above it.
    const head = Math.max(...this.#done.values());
    const behind = this.#all().filter((partition) => (this.#done.get(partition) ?? 1) < wanted);
    await Promise.all(
      behind.map(async (partition) => {
        const from = this.#done.get(partition) ?? 1;
        try {
          this.#raise(partition, await this.#options.doneBelow(partition, from, head));
        } catch {
          // No answer: the next round asks again.
        }
      }),
    );
  }
}

async function withinSilence(work: Promise<void>): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const timer = setTimeout(patience.resolve, SILENCE_MS);
  await Promise.race([work, patience.promise]);
  clearTimeout(timer);
}
