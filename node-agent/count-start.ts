import type { NodeId } from '#machines';
import { type SharedStorage, type StartCount, StorageUnavailable } from '#ports';

/**
 * Counts this start of a node's agent. By compare-and-write, because a late write may take a slot back: an agent that went on
 * from there would speak below what one before it had said, and old evidence would cover new copies (G2).
 * `freshBoot`: the host booted too. Throws `StorageUnavailable`: the count may then have grown, which does no harm.
 */
export async function countStart(storage: SharedStorage, node: NodeId, freshBoot: boolean): Promise<StartCount> {
  const known = await storage.readStartCount(node);
  const slot = (await storage.readSlots()).find((each) => each.node === node);
  // Before the first count the slot says where its node is.
  const incarnation = Math.max(known?.incarnation ?? 0, slot?.incarnation ?? 0);
  const isNew = freshBoot || incarnation === 0;
  const next = { node, incarnation: incarnation + (isNew ? 1 : 0), starts: (known?.starts ?? 0) + 1 };
  if (await storage.compareAndWriteStartCount(known, next)) return next;
  throw new StorageUnavailable(`the start count of ${node} changed meanwhile: an earlier attempt landed late`);
}
