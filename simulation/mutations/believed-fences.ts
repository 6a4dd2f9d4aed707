import type { NodeId } from '#machines';
import type { Fence, SharedStorage, Slot } from '#ports';
import { agentWith, type Mutation, over } from './mutation.ts';

/** Longer than anybody looks whether a fenced host has stopped. */
const BLIND_MS = 30_000;

/** What keeps a fence that lies from having a VM run twice. */
export const BELIEVED_FENCES: readonly Mutation[] = [
  {
    name: 'believe a fence that a living host contradicts: the host seems to write no more, and its evidence is never void',
    breaks: ['G2'],
    withinSeeds: 5,
    focus: { lies: true, mishaps: ['kill', 'guest-shutdown'] },
    shape: { hours: 0.35 },
    build: agentWith(({ fences, storage, transport, clock }) => {
      /** Hosts that were fenced from here lately, as they were seen first after that. */
      const blind = new Map<NodeId, { readonly untilMs: number; slot?: Slot }>();
      const { bus } = transport;
      return {
        fences: fences.map((fence) =>
          over<Fence>(fence, {
            fence: async (node, incarnation) => {
              const result = await fence.fence(node, incarnation);
              if (result.outcome === 'confirmed') blind.set(node, { untilMs: clock.nowMs() + BLIND_MS });
              return result;
            },
          }),
        ),
        storage: over<SharedStorage>(storage, {
          readSlots: async () => (await storage.readSlots()).map((slot) => stopped(slot, blind.get(slot.node))),
        }),
        transport: over(transport, {
          bus: over(bus, {
            request: (subject, payload, timeoutMs) => bus.request(subject, unvoidable(payload), timeoutMs),
          }),
        }),
      };

      function stopped(slot: Slot, seen: { readonly untilMs: number; slot?: Slot } | undefined): Slot {
        if (seen === undefined || clock.nowMs() > seen.untilMs) return slot;
        seen.slot ??= slot;
        return seen.slot;
      }
    }),
  },
];

/** Its evidence of fences holds whatever is written later. */
function unvoidable(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || !('evidence' in payload) || !Array.isArray(payload.evidence))
    return payload;
  const evidence = payload.evidence.map((proof: object) =>
    Reflect.get(proof, 'kind') === 'fence' ? { ...proof, sequence: Number.MAX_SAFE_INTEGER } : proof,
  );
  return { ...payload, evidence };
}
