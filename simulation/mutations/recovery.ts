import type { VmId } from '#machines';
import type { Database, Hypervisor } from '#ports';
import { agentWith, type Mutation, over, STORAGE, serversWith } from './mutation.ts';

/** How VMs are brought back, and what is tidied up after. */
export const RECOVERY: readonly Mutation[] = [
  {
    name: 'do not wait between attempts',
    breaks: ['B5'],
    withinSeeds: 20,
    focus: { mishaps: ['start-fails', 'kill'] },
    build: agentWith(({ clock }) => ({
      clock: {
        nowMs: clock.nowMs,
        after: (delayMs, fire) => clock.after(delayMs > 9000 ? 1000 : delayMs, fire),
      },
    })),
  },
  {
    name: 'a start that never ends',
    breaks: ['liveness'],
    withinSeeds: 5,
    focus: { mishaps: ['power-off', 'power-on', 'kill'] },
    build: agentWith(({ hypervisor }) => ({
      hypervisor: over<Hypervisor>(hypervisor, { start: () => new Promise(() => {}) }),
    })),
  },
  {
    name: 'leave suspended copies where they are when their VM runs elsewhere',
    breaks: ['agreement'],
    withinSeeds: 20,
    focus: { mishaps: STORAGE },
    build: agentWith(({ hypervisor }) => {
      const isSuspended = async (vm: string) =>
        (await hypervisor.list()).some((copy) => copy.vm === vm && copy.state === 'suspended');
      const unlessSuspended = (end: Hypervisor['remove']) => async (vm: VmId) => {
        if (!(await isSuspended(vm))) await end(vm);
      };
      return {
        hypervisor: over<Hypervisor>(hypervisor, {
          destroy: unlessSuspended((vm) => hypervisor.destroy(vm)),
          remove: unlessSuspended((vm) => hypervisor.remove(vm)),
        }),
      };
    }),
  },
  {
    name: 'never confirm a start: where a VM may have been left before keeps its room for good',
    breaks: ['agreement'],
    withinSeeds: 5,
    focus: { mishaps: ['power-off', 'power-on', ...STORAGE] },
    build: agentWith(({ database }) => ({
      database: over<Database>(database, {
        replace: async (collection, id, revision, body) => {
          const before = (await database.get(collection, id))?.body.mayRunOn;
          const isConfirmed = Array.isArray(body.mayRunOn) && body.mayRunOn.length === 0 && before !== undefined;
          return database.replace(collection, id, revision, isConfirmed ? { ...body, mayRunOn: before } : body);
        },
      }),
    })),
  },
  {
    name: 'forget the VMs of a node that is down until it is back',
    breaks: ['liveness under faults'],
    withinSeeds: 10,
    // Faults that last, and a majority left.
    shape: { nodes: [5, 5], vms: [5, 8], hours: 0.5 },
    focus: { mishaps: ['power-off', 'power-on'], rules: false },
    build: serversWith({
      transport: (inner) => ({
        commit: (step) => {
          // Nobody hears of it; the message itself arrives.
          const outgoing = step.outgoing.map((message) =>
            message.event.type === 'hostDown' ? { ...message, event: { type: 'capacity' } } : message,
          );
          return inner.commit({ ...step, outgoing });
        },
      }),
    }),
  },
];
