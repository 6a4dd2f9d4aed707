import type { DownEvidence } from '../evidence.ts';
import type { Verdict } from '../failure-detector/mod.ts';
import { type NodeId, nodeId } from '../ids.ts';
import type { NodeEvent } from './events.ts';

export interface NodeContext {
  readonly node: NodeId;
  readonly verdict: Verdict;
  readonly incarnation: number;
  readonly sequence: number;
  /** Why its copies are known not to be able to write; null: not known. */
  readonly evidence: DownEvidence | null;
  /** It said that it shuts down only to boot again. */
  readonly returns: boolean;
  /** Fences that confirmed that it is off while it went on writing: not asked about it again, until a person says that they were tested. */
  readonly disbelieved: readonly string[];
  /** What happened last, in words (F9). */
  readonly why: string;
}

export type FenceAnswer =
  | {
      readonly outcome: 'confirmed';
      readonly by: string;
      /** That was asked for: a later boot may have been seen since. */
      readonly incarnation: number;
      /** Where its slot stood after the confirmation. */
      readonly sequence: number;
    }
  | { readonly outcome: 'failed'; readonly why: string };

/** What a fence is asked for. */
export interface FenceInput {
  readonly node: string;
  readonly incarnation: number;
  /** Where its slot has stood still for long; null: it is being written. */
  readonly stillAt: number | null;
  readonly disbelieved: readonly string[];
}

type Of<Type extends NodeEvent['type']> = NodeEvent & { readonly type: Type };

export function initialContext(address: string): NodeContext {
  return {
    node: nodeId(address.slice('node/'.length)),
    verdict: 'healthy',
    incarnation: 0,
    sequence: 0,
    evidence: null,
    returns: false,
    disbelieved: [],
    why: 'not judged yet',
  };
}

/** The first time the cluster hears whom to expect, so that the important ones choose first. */
export function newsFor({ node, evidence, returns }: NodeContext, vms: readonly string[], first: boolean) {
  if (evidence === null || vms.length === 0) return [];
  const news = vms.map((vm) => ({ to: `vm/${vm}`, event: { type: 'hostDown', node, evidence, returns } }));
  return first ? [{ to: 'cluster/main', event: { type: 'expect', vms } }, ...news] : news;
}

export function isFresh(word: Of<'word'>, { incarnation, sequence }: NodeContext): boolean {
  return word.incarnation > incarnation || (word.incarnation === incarnation && word.sequence >= sequence);
}

export function isAlive(verdict: Verdict): boolean {
  return verdict === 'healthy' || verdict === 'management-isolated';
}

/** Its slot changed after what the evidence says. */
export function isNewer({ incarnation, sequence }: Of<'verdict'>, { evidence, ...context }: NodeContext): boolean {
  const known = evidence ?? context;
  return incarnation > known.incarnation || (incarnation === known.incarnation && sequence > known.sequence);
}

export function noted({ verdict, incarnation, sequence, ageMs, observers }: Of<'verdict'>): Partial<NodeContext> {
  const why = `${verdict}: slot ${incarnation}.${sequence}, unchanged for ${Math.round(ageMs)} ms, seen by ${observers.join(', ')}`;
  return { verdict, incarnation, sequence, why };
}

export function worded(
  { node }: NodeContext,
  { incarnation, sequence, state, returns }: Of<'word'>,
): Partial<NodeContext> {
  const evidence: DownEvidence = { kind: 'word', node, incarnation, sequence };
  return { evidence, incarnation, sequence, returns, why: `it says that all its copies are ${state}` };
}

export function fenced({ node }: NodeContext, answer: FenceAnswer): Partial<NodeContext> {
  if (answer.outcome !== 'confirmed') return {};
  const { by, incarnation, sequence } = answer;
  return { evidence: { kind: 'fence', node, incarnation, sequence, fence: by }, why: `fenced by ${by}` };
}

/** The incarnation that a fence confirmed to be off has written since: it lives, or a write landed late. */
export function isContradicted(event: Of<'verdict'>, context: NodeContext): boolean {
  const { evidence } = context;
  return evidence?.kind === 'fence' && event.incarnation === evidence.incarnation && isNewer(event, context);
}

/** `stands`: its slot is known to have stood still for long. */
export function fenceInput(
  { node, incarnation, sequence, disbelieved }: NodeContext,
  how: { readonly stands: boolean },
): FenceInput {
  return { node, incarnation, stillAt: how.stands ? sequence : null, disbelieved };
}
