import type { DownEvidence } from '../evidence.ts';
import type { NodeId } from '../ids.ts';
import type { Timings } from '../timings/mod.ts';
import type { ReceivedObservation, SeenBeat, SeenBy, SeenSlot } from './seen-by.ts';

export const verdicts = ['healthy', 'management-isolated', 'storage-isolated', 'dead', 'storage-lost'] as const;
/** `storage-lost`: nobody's storage works, so nobody can be judged (B3). */
export type Verdict = (typeof verdicts)[number];

/** One node judged by what every healthy node saw. */
export interface Judgement {
  readonly node: NodeId;
  readonly verdict: Verdict;
  /** Its slot did not change for the takeover bound: `evidence` proves that its guardian has acted. */
  readonly boundReached: boolean;
  readonly incarnation: number;
  readonly sequence: number;
  /** For how long a healthy observer saw its latest slot unchanged; 0 when nobody judged. */
  readonly ageMs: number;
  readonly observers: readonly NodeId[];
  readonly evidence?: DownEvidence & { readonly kind: 'bound' };
}

export interface DetectorInput {
  readonly nowMs: number;
  readonly nodes: readonly NodeId[];
  /** The last observation of every observer. */
  readonly observations: readonly ReceivedObservation[];
  readonly timings: Pick<Timings, 'intervalMs' | 'staleMs' | 'takeoverBoundMs'>;
  /** The verdicts of the step before: a heartbeat once stale must be well alive to count again. */
  readonly previous: ReadonlyMap<NodeId, Judgement>;
}

/**
 * Judges these nodes. Only observers heard lately count, for storage those whose own slot writes work, for the database
 * those whose own beats work. Without a healthy observer nobody is stale. Of those who saw the *latest* value the one who
 * has seen it longest is right: an age is never too long, and who has just joined has seen nothing for long.
 */
export function detect(input: DetectorInput): ReadonlyMap<NodeId, Judgement> {
  const { staleMs } = input.timings;
  const fresh = input.observations.filter(({ receivedAtMs }) => input.nowMs - receivedAtMs < staleMs);
  const judgements = new Map<NodeId, Judgement>();
  for (const node of input.nodes) judgements.set(node, judge(node, fresh, input));
  return judgements;
}

function judge(node: NodeId, fresh: readonly SeenBy[], input: DetectorInput): Judgement {
  const { staleMs, takeoverBoundMs } = input.timings;
  const before = input.previous.get(node);
  let storageWorks = false;
  let latest: SeenSlot | undefined;
  const observers: NodeId[] = [];
  for (const { observation, slots } of fresh) {
    if (!observation.storageOk) continue;
    storageWorks = true;
    const slot = slots.get(node);
    if (slot === undefined) continue;
    observers.push(observation.observer);
    if (latest === undefined || isLater(slot, latest)) latest = slot;
  }
  if (latest === undefined) {
    // A node that never wrote a slot holds no lease: there is nothing to recover from it.
    const verdict = storageWorks ? 'dead' : 'storage-lost';
    const { incarnation = 0, sequence = 0 } = before ?? {};
    return { node, verdict, boundReached: false, incarnation, sequence, ageMs: 0, observers: [] };
  }
  const { incarnation, sequence, ageMs } = latest;
  const slotStale = isStale(ageMs, staleMs, before?.verdict === 'storage-isolated' || before?.verdict === 'dead');
  const wasBeatStale = before?.verdict === 'management-isolated' || before?.verdict === 'dead';
  const beatStale = isStale(beatAgeMs(node, fresh), staleMs, wasBeatStale);
  const boundReached = slotStale && ageMs >= takeoverBoundMs;
  if (!areInOrder(observers)) observers.sort();
  const common = {
    node,
    verdict: verdictOf(slotStale, beatStale),
    boundReached,
    incarnation,
    sequence,
    ageMs,
    observers,
  };
  if (!boundReached) return common;
  return { ...common, evidence: { kind: 'bound', node, incarnation, sequence, ageMs, observers } };
}

/** Nearly always: who keeps observations by name gives them so. */
function areInOrder(names: readonly NodeId[]): boolean {
  return names.every((name, at) => at === 0 || (names[at - 1] ?? name) <= name);
}

/** A later value, or the same one seen for longer. */
function isLater(a: SeenSlot, b: SeenSlot): boolean {
  if (a.incarnation !== b.incarnation) return a.incarnation > b.incarnation;
  return a.sequence > b.sequence || (a.sequence === b.sequence && a.ageMs > b.ageMs);
}

function isStale(ageMs: number, staleMs: number, wasStale: boolean): boolean {
  return ageMs >= (wasStale ? staleMs / 2 : staleMs);
}

/** 0 (alive) when no healthy observer of the database is left: its loss must not look like the loss of nodes. */
function beatAgeMs(node: NodeId, fresh: readonly SeenBy[]): number {
  let databaseWorks = false;
  let latest: SeenBeat | undefined;
  for (const { observation, beats } of fresh) {
    if (!observation.databaseOk) continue;
    databaseWorks = true;
    const seen = beats.get(node);
    if (seen === undefined) continue;
    const isLater = latest === undefined || seen.counter > latest.counter;
    if (isLater || (seen.counter === latest?.counter && seen.ageMs > latest.ageMs)) latest = seen;
  }
  if (!databaseWorks) return 0;
  return latest?.ageMs ?? Number.POSITIVE_INFINITY;
}

function verdictOf(slotStale: boolean, beatStale: boolean): Verdict {
  if (slotStale) return beatStale ? 'dead' : 'storage-isolated';
  return beatStale ? 'management-isolated' : 'healthy';
}
