import type { Database, Hypervisor, LeaseSector, SharedStorage } from '#ports';
import { agentWith, type Mutation, over, STORAGE } from './mutation.ts';

/** What keeps a VM from running twice: leases, epochs, evidence, the guardian, its word that nothing writes any more. */
export const ONE_COPY: readonly Mutation[] = [
  {
    name: 'skip the lease check: every lease looks like our own, and every compare-and-write like done',
    breaks: ['B4', 'G2'],
    withinSeeds: 20,
    focus: { mishaps: STORAGE },
    build: agentWith(({ storage, node }) => {
      const ours = async (sector: LeaseSector): Promise<LeaseSector> => {
        const slot = (await storage.readSlots()).find((each) => each.node === node);
        return { ...sector, node, status: 'held', incarnation: slot?.incarnation ?? 1 };
      };
      return {
        storage: over<SharedStorage>(storage, {
          readLease: async (vm) => {
            const sector = await storage.readLease(vm);
            return sector === undefined ? undefined : ours(sector);
          },
          compareAndWriteLease: async () => true,
        }),
      };
    }),
  },
  {
    name: 'ignore the deadline of the guardian: nothing is suspended, nobody kicks or resets',
    breaks: ['G2'],
    withinSeeds: 10,
    focus: { mishaps: STORAGE },
    build: agentWith(({ hypervisor }) => {
      const pretended = new Set<string>();
      return {
        hypervisor: over<Hypervisor>(hypervisor, {
          suspend: async (vm) => void pretended.add(vm),
          resume: async (vm) => void pretended.delete(vm),
          list: async () =>
            (await hypervisor.list()).map((copy) => (pretended.has(copy.vm) ? { ...copy, state: 'suspended' } : copy)),
        }),
        watchdog: { arm: () => {}, kick: () => {} },
      };
    }),
  },
  {
    name: 'give the word as soon as the hypervisor lists a copy as suspended, with writes in flight',
    breaks: ['G2'],
    withinSeeds: 10,
    focus: { mishaps: STORAGE, disks: 'hang' },
    build: agentWith(({ hypervisor }) => ({
      hypervisor: over<Hypervisor>(hypervisor, {
        suspend: async (vm) => void hypervisor.suspend(vm).catch(() => {}),
      }),
    })),
  },
  {
    name: 'give the word right after a force-off: the transport is said to bound late writes, and does not',
    breaks: ['G2'],
    withinSeeds: 10,
    focus: { mishaps: STORAGE, disks: 'hang' },
    build: agentWith(({ settings }) => ({ settings: { ...settings, lateWriteBoundMs: 1 } })),
  },
  {
    name: 'resume without looking: whatever is suspended is resumed',
    breaks: ['B4', 'G2'],
    withinSeeds: 10,
    focus: { mishaps: STORAGE },
    build: agentWith(({ hypervisor, clock }) => {
      const again = async () => {
        for (const copy of await hypervisor.list()) if (copy.state === 'suspended') await hypervisor.resume(copy.vm);
        clock.after(20_000, () => void again().catch(() => {}));
      };
      clock.after(20_000, () => void again().catch(() => {}));
      return {};
    }),
  },
  {
    name: 'evidence never checked: a lease held by another is simply taken, and every slot looks old',
    breaks: ['G2', 'T6'],
    withinSeeds: 10,
    focus: { mishaps: ['management-link-down', 'management-link-up', 'agent-restart', 'agent-kill', 'reboot'] },
    build: agentWith(({ storage, transport, node }) => ({
      storage: over<SharedStorage>(storage, {
        readLease: async (vm) => {
          const sector = await storage.readLease(vm);
          return sector !== undefined && sector.node !== node ? { ...sector, status: 'released' } : sector;
        },
        compareAndWriteLease: async (expected, next) => {
          const now = await storage.readLease(next.vm);
          return storage.compareAndWriteLease(expected?.generation === now?.generation ? now : expected, next);
        },
      }),
      transport: over(transport, {
        bus: over(transport.bus, { publish: (subject, payload) => transport.bus.publish(subject, older(payload)) }),
      }),
    })),
  },
  {
    name: 'the epoch goes back',
    breaks: ['epochs'],
    withinSeeds: 5,
    focus: { mishaps: ['power-off', 'power-on', 'kill'] },
    build: agentWith(({ database }) => ({
      database: over<Database>(database, {
        replace: (collection, id, revision, body) =>
          database.replace(collection, id, revision, { ...body, ...backwards(body.lease) }),
      }),
    })),
  },
];

function older(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || !('slots' in payload) || !Array.isArray(payload.slots))
    return payload;
  return { ...payload, slots: payload.slots.map((slot: object) => ({ ...slot, ageMs: 1e6 })) };
}

function backwards(lease: unknown): object {
  if (typeof lease !== 'object' || lease === null) return {};
  return { lease: { ...lease, epoch: Math.max(0, Number(Reflect.get(lease, 'epoch')) - 2) } };
}
