import type { DownEvidence } from './evidence.ts';
import type { NodeId } from './ids.ts';

/**
 * Step 4 of the safety protocol: whether `evidence` proves that the holder of a lease sector cannot write, given the
 * holder's slot *read after the sector*. Undefined when it does, else why not. The sector's own `sequence` counts beside
 * the slot: a slot write that lands late may take the slot back, the sector only changes by compare-and-write.
 */
export function whyEvidenceFails(
  evidence: DownEvidence | undefined,
  holder: { readonly node: NodeId; readonly incarnation: number; readonly sequence: number },
  slotNow: { readonly incarnation: number; readonly sequence: number } | undefined,
): string | undefined {
  if (evidence === undefined) return `held by ${holder.node}, and nothing proves that it is down`;
  if (evidence.node !== holder.node) return `held by ${holder.node}, the evidence is about ${evidence.node}`;
  if (holder.incarnation > evidence.incarnation) {
    return `held by incarnation ${holder.incarnation} of ${holder.node}, the evidence is about ${evidence.incarnation}`;
  }
  if (slotNow === undefined) {
    return evidence.kind === 'fence' ? undefined : `${holder.node} has no slot to check the evidence against`;
  }
  // A later boot of the host: copies of the incarnation that holds the sector are gone.
  if (slotNow.incarnation > holder.incarnation) return undefined;
  if (evidence.kind === 'fence') return whyFenceFails(evidence, holder.node, slotNow);
  if (holder.incarnation === evidence.incarnation && holder.sequence > evidence.sequence) {
    return `claimed by ${holder.node} at ${holder.sequence}, the evidence ends at ${evidence.sequence}`;
  }
  if (slotNow.sequence > evidence.sequence) {
    return `${holder.node} wrote its slot again (${slotNow.sequence} after ${evidence.sequence})`;
  }
  return undefined;
}

/**
 * A device's word ends where the host is seen to write. The sector's `sequence` says nothing here: it counts attempts, and
 * one that the power cut ended never reached the slot.
 */
function whyFenceFails(
  { fence, incarnation, sequence }: DownEvidence & { readonly kind: 'fence' },
  node: NodeId,
  slotNow: { readonly incarnation: number; readonly sequence: number },
): string | undefined {
  if (slotNow.incarnation !== incarnation || slotNow.sequence <= sequence) return undefined;
  return `${fence} confirmed that ${node} is off, and ${node} wrote its slot after that (${slotNow.sequence} after ${sequence})`;
}
