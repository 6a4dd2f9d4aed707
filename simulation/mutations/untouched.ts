import type { Database, Hypervisor } from '#ports';
import { agentWith, type Mutation, over } from './mutation.ts';

/** What must not be touched: VMs stopped on their own wish (T7b), nodes that lost only management (T6), decisions by the wall clock (G3). */
export const UNTOUCHED: readonly Mutation[] = [
  {
    name: 'trust the wall clock',
    breaks: ['G3', 'the agent', 'nothing is thrown', 'G2', 'T6'],
    withinSeeds: 5,
    focus: { mishaps: ['clock-jump'] },
    build: agentWith(({ clock }, wallClockMs) => ({ clock: { nowMs: wallClockMs, after: clock.after } })),
  },
  {
    name: 'recover a VM that was stopped on its own wish',
    breaks: ['T7b'],
    withinSeeds: 5,
    focus: { mishaps: ['guest-shutdown'] },
    build: agentWith(({ hypervisor }) => ({
      hypervisor: over<Hypervisor>(hypervisor, {
        list: async () => (await hypervisor.list()).map(crashed),
        subscribe: (listener) => hypervisor.subscribe((copy) => listener(crashed(copy))),
      }),
    })),
  },
  {
    name: 'treat the loss of management as the loss of storage',
    breaks: ['T6'],
    withinSeeds: 5,
    focus: { mishaps: ['management-link-down', 'management-link-up', 'database-down', 'database-up'] },
    build: agentWith(({ database, hypervisor }) => {
      let missed = 0;
      return {
        database: over<Database>(database, {
          beat: async (node) => {
            missed += 1;
            if (missed === 3) for (const { vm } of await hypervisor.list()) await hypervisor.suspend(vm);
            const beats = await database.beat(node);
            missed = 0;
            return beats;
          },
        }),
      };
    }),
  },
  {
    name: 'gone from its source means migrated',
    breaks: ['T7b'],
    withinSeeds: 60,
    focus: { mishaps: ['migrate', 'guest-shutdown'], rules: false },
    build: agentWith(({ hypervisor }) => ({
      hypervisor: over<Hypervisor>(hypervisor, {
        migrate: async (vm, to, epoch) => {
          const isGone = async () => !(await hypervisor.list()).some((each) => each.vm === vm && each.state !== 'off');
          await hypervisor.migrate(vm, to, epoch).catch(async (error: unknown) => {
            if (!(await isGone())) throw error;
          });
        },
      }),
    })),
  },
];

type Copy = Awaited<ReturnType<Hypervisor['list']>>[number];

function crashed(copy: Copy): Copy {
  return copy.reason === 'guest-shutdown' ? { ...copy, reason: 'crashed' } : copy;
}
