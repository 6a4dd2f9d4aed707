import { z } from 'zod';
import { nodeId, vmId } from '#machines';
import type { LeaseSector, Slot, StartCount } from '#ports';

const counter = z.number().int().nonnegative();
const slot = z.object({
  node: z.string().transform(nodeId),
  incarnation: counter,
  sequence: counter,
  state: z.enum(['running', 'isolated', 'suspended', 'stopping']),
});
const startCount = z.object({ node: z.string().transform(nodeId), incarnation: counter, starts: counter });
const lease = z.object({
  vm: z.string().transform(vmId),
  epoch: counter,
  generation: counter,
  status: z.enum(['held', 'released', 'stopped']),
  node: z.string().transform(nodeId),
  incarnation: counter,
  sequence: counter,
});

/** Checks a slot and puts its fields in one order, so that equal slots have equal bytes. */
export function parseSlot(value: unknown): Slot {
  return slot.parse(value);
}

/** Checks a start count and puts its fields in one order, so that equal ones have equal bytes. */
export function parseStartCount(value: unknown): StartCount {
  return startCount.parse(value);
}

/** Checks a lease and puts its fields in one order, so that equal leases have equal bytes. */
export function parseLease(value: unknown): LeaseSector {
  return lease.parse(value);
}
