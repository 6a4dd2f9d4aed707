import type { DownEvidence } from '../evidence.ts';
import type { NodeId } from '../ids.ts';
import type { Timings } from '../timings/mod.ts';
import type { Observation, ReceivedObservation } from './observation.ts';

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
  /** The smallest age of its slot over the healthy observers; 0 when nobody judged. */
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
 * Judges every node. Only observers heard lately count, for storage those whose own slot writes work, for the database
 * those whose own beats work. Without a healthy observer nobody is stale.
 */
export function detect(input: DetectorInput): ReadonlyMap<NodeId, Judgement> {
  const { staleMs } = input.timings;
  const fresh = input.observations
    .filter(({ receivedAtMs }) => input.nowMs - receivedAtMs < staleMs)
    .map(({ observation }) => observation);
  return new Map(input.nodes.map((node) => [node, judge(node, fresh, input)]));
}

function judge(node: NodeId, fresh: readonly Observation[], input: DetectorInput): Judgement {
  const { staleMs, takeoverBoundMs } = input.timings;
  const before = input.previous.get(node);
  const healthy = fresh.filter(({ storageOk }) => storageOk);
  const seen = healthy.flatMap(({ observer, slots }) =>
    slots.filter((slot) => slot.node === node).map((slot) => ({ observer, ...slot })),
  );
  if (healthy.length === 0 || seen.length === 0) {
    // A node that never wrote a slot holds no lease: there is nothing to recover from it.
    const verdict = healthy.length === 0 ? 'storage-lost' : 'dead';
    const { incarnation = 0, sequence = 0 } = before ?? {};
    return { node, verdict, boundReached: false, incarnation, sequence, ageMs: 0, observers: [] };
  }
  const ageMs = Math.min(...seen.map((slot) => slot.ageMs));
  const latest = seen.reduce((best, slot) => (isLater(slot, best) ? slot : best));
  const slotStale = isStale(ageMs, staleMs, before?.verdict === 'storage-isolated' || before?.verdict === 'dead');
  const wasBeatStale = before?.verdict === 'management-isolated' || before?.verdict === 'dead';
  const beatStale = isStale(beatAgeMs(node, fresh), staleMs, wasBeatStale);
  const boundReached = slotStale && ageMs >= takeoverBoundMs;
  const { incarnation, sequence } = latest;
  const observers = seen.map(({ observer }) => observer).sort();
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

function isLater(
  a: { readonly incarnation: number; readonly sequence: number },
  b: { readonly incarnation: number; readonly sequence: number },
): boolean {
  return a.incarnation > b.incarnation || (a.incarnation === b.incarnation && a.sequence > b.sequence);
}

function isStale(ageMs: number, staleMs: number, wasStale: boolean): boolean {
  return ageMs >= (wasStale ? staleMs / 2 : staleMs);
}

/** 0 (alive) when no healthy observer of the database is left: its loss must not look like the loss of nodes. */
function beatAgeMs(node: NodeId, fresh: readonly Observation[]): number {
  const healthy = fresh.filter(({ databaseOk }) => databaseOk);
  if (healthy.length === 0) return 0;
  const ages = healthy.flatMap(({ beats }) => beats.filter((beat) => beat.node === node).map((beat) => beat.ageMs));
  return ages.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...ages);
}

function verdictOf(slotStale: boolean, beatStale: boolean): Verdict {
  if (slotStale) return beatStale ? 'dead' : 'storage-isolated';
  return beatStale ? 'management-isolated' : 'healthy';
}
