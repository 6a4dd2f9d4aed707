import type { Bus } from '#actors';
import { needsOf, type PackNews, packNews } from './pack-news.ts';
import { isGone, type PackedMessages, type RemovedPacks } from './packed-messages.ts';

const SUBJECT = 'mailboxes.packs';
const ROUND_MS = 250;
/** Hosts say at least this often that they are there. */
const ALIVE_MS = 1_000;
/** What a host said of its partitions counts for so long. */
const HEARD_MS = 2_500;
/** A partition with a letter open for longer is sent no packs, so that it holds up few of them. */
const SLOW_MS = 500;
/** While packs wait for longer nothing is packed: somebody does not say what it needs. */
const STUCK_MS = 5_000;

/** One partition's part. */
export interface PackMember {
  readonly partition: number;
  readonly messages: PackedMessages;
  /** Everything of the partition up to this sequence was seen. */
  readonly position: () => number;
  /** More waits for an actor than is kept in memory. */
  readonly isCrowded: () => boolean;
}

export interface PackSweeperOptions {
  readonly bus: Bus;
  readonly partitions: number;
  /** Which stream: numbers of another one of the same name mean nothing here. */
  readonly identity: string;
  /** Removes all packs below, and some single ones; each calls back when that is certain. */
  readonly purge: (below: number, removed: () => void) => void;
  readonly remove: (sequence: number, removed: () => void) => void;
  readonly nowMs: () => number;
}

interface Need {
  below: number;
  open: ReadonlySet<number>;
  /** When its host last said that the partition keeps up. */
  quickMs: number;
}

/**
 * Removes packs that no partition needs any more, and knows which partitions may be sent packs: those whose host says that
 * they keep up. The host of partition 0 removes: all below the oldest that is needed at once, others one by one, so that
 * an actor that takes nothing (parked, of a newer version) keeps only the packs in which it has letters.
 */
export class PackSweeper {
  readonly #options: PackSweeperOptions;
  readonly #members = new Set<PackMember>();
  readonly #needs: readonly Need[];
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #told: { readonly atMs: number; readonly text: string } | undefined;
  #removed: RemovedPacks = { below: 1, except: new Set() };
  #removing = false;
  /** Packs seen and not known to be removed, rising, and when. */
  #stored: { readonly sequence: number; readonly seenMs: number }[] = [];

  constructor(options: PackSweeperOptions) {
    this.#options = options;
    const nobody = { below: 1, open: new Set<number>(), quickMs: Number.NEGATIVE_INFINITY };
    this.#needs = Array.from({ length: options.partitions }, () => ({ ...nobody }));
    this.#unsubscribe = options.bus.subscribe(SUBJECT, (payload) => {
      const heard = packNews.safeParse(payload);
      if (heard.success && heard.data.of === options.identity) this.#hear(heard.data);
    });
    this.#timer = setInterval(() => this.#round(), ROUND_MS);
    this.#timer.unref();
  }

  /** Whether a letter to the partition may go into a pack. */
  mayPack(partition: number): boolean {
    const nowMs = this.#options.nowMs();
    const need = this.#needs[partition];
    return need !== undefined && nowMs - need.quickMs <= HEARD_MS && !this.#isStuck(nowMs);
  }

  /** The oldest pack that nobody is known to need is still there. */
  #isStuck(nowMs: number): boolean {
    const oldest = this.#stored.find(({ sequence }) => !this.#removed.except.has(sequence));
    return oldest !== undefined && nowMs - oldest.seenMs > STUCK_MS;
  }

  add(member: PackMember): void {
    this.#members.add(member);
    member.messages.removed(this.#removed);
  }

  /** Its host stops: says how far it came. */
  remove(member: PackMember): void {
    if (!this.#members.delete(member)) return;
    const needs = needsOf(member.messages.open, member.position());
    const last = this.#newsOf([], [member.partition], needs);
    this.#hear(last);
    this.#options.bus.publish(SUBJECT, last);
  }

  /** A pack was read. Rising; what was read before, or was removed before a server that lags gave it, is left out. */
  seen(sequence: number): void {
    if (sequence <= (this.#stored.at(-1)?.sequence ?? 0) || isGone(sequence, this.#removed)) return;
    this.#stored.push({ sequence, seenMs: this.#options.nowMs() });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
  }

  #round(): void {
    if (this.#members.size === 0) return;
    const members = [...this.#members];
    const isSlow = ({ messages, isCrowded }: PackMember): boolean => messages.openForMs > SLOW_MS || isCrowded();
    const slow = members.filter(isSlow).map(({ partition }) => partition);
    const quick = members.filter((member) => !isSlow(member)).map(({ partition }) => partition);
    const open = members.flatMap(({ messages }) => [...messages.open]);
    const news = this.#newsOf(quick, slow, needsOf(open, Math.min(...members.map(({ position }) => position()))));
    this.#hear(news);
    const text = JSON.stringify([news.below, news.open, slow, news.removed]);
    const nowMs = this.#options.nowMs();
    if (this.#told?.text !== text || nowMs - this.#told.atMs >= ALIVE_MS) {
      this.#told = { atMs: nowMs, text };
      this.#options.bus.publish(SUBJECT, news);
    }
    if (members.some(({ partition }) => partition === 0)) this.#sweep();
  }

  #newsOf(quick: number[], slow: number[], needs: Pick<PackNews, 'below' | 'open'>): PackNews {
    const { below, except } = this.#removed;
    return { of: this.#options.identity, quick, slow, ...needs, removed: { below, except: [...except] } };
  }

  #hear({ quick, slow, below, open, removed }: PackNews): void {
    const needed = new Set(open);
    const nowMs = this.#options.nowMs();
    const learn = (partition: number, quickMs: number): void => {
      const need = this.#needs[partition];
      if (need === undefined) return;
      need.quickMs = quickMs;
      // A new owner that reads from the start knows less at first than the one before.
      if (below >= need.below) Object.assign(need, { below, open: needed });
    };
    for (const partition of quick) learn(partition, nowMs);
    for (const partition of slow) learn(partition, Number.NEGATIVE_INFINITY);
    this.#learnRemoved({ below: removed.below, except: new Set(removed.except) });
  }

  #sweep(): void {
    if (this.#removing) return;
    // What this host has not read it cannot remove one by one.
    const read = Math.min(...[...this.#members].map(({ position }) => position())) + 1;
    const below = Math.min(read, ...this.#needs.map((need) => need.below));
    const except = new Set(this.#needs.flatMap(({ open }) => [...open]).filter((sequence) => sequence < below));
    const done = this.#stored.filter(({ sequence }) => sequence < below && !except.has(sequence));
    if (done.length === 0) {
      // This host read all that is stored up to there. A host before it may have removed more than it could say.
      this.#learnRemoved({ below, except });
      return;
    }
    const first = Math.min(below, ...except);
    const singles = done.filter(({ sequence }) => sequence > first);
    const removals: ((removed: () => void) => void)[] = singles.map(
      ({ sequence }) =>
        (removed) =>
          this.#options.remove(sequence, removed),
    );
    if (singles.length < done.length) removals.push((removed) => this.#options.purge(first, removed));
    let left = removals.length;
    this.#removing = true;
    for (const remove of removals) {
      remove(() => {
        left -= 1;
        if (left > 0) return;
        this.#removing = false;
        this.#learnRemoved({ below, except });
      });
    }
  }

  #learnRemoved(removed: RemovedPacks): void {
    const { below, except } = removed;
    const { below: before, except: keptBefore } = this.#removed;
    if (below < before || (below === before && except.size >= keptBefore.size)) return;
    this.#removed = removed;
    this.#stored = this.#stored.filter(({ sequence }) => !isGone(sequence, removed));
    for (const { messages } of this.#members) messages.removed(removed);
  }
}
