import { productionBuild } from '../run/production.ts';
import { agentWith, type Mutation, over, STORAGE, serversWith } from './mutation.ts';

/** The actors, their messages and the process around them. */
export const RUNTIME: readonly Mutation[] = [
  {
    name: 'accept a stale commit',
    breaks: ['no message'],
    withinSeeds: 20,
    focus: { mishaps: ['pause', 'partition', 'heal', 'agent-stalls', 'one-way-cut', ...STORAGE] },
    build: serversWith({
      transport: (inner) => ({
        commit: async (step) => {
          const last = await inner.latest(step.address);
          return inner.commit({ ...step, expectedSequence: last?.sequence ?? 0 });
        },
      }),
    }),
  },
  {
    name: 'drop a message now and then',
    breaks: ['no message', 'liveness'],
    withinSeeds: 5,
    focus: {},
    build: serversWith({
      transport: (inner) => {
        let count = 0;
        return {
          commit: (step) => inner.commit({ ...step, outgoing: step.outgoing.filter(() => ++count % 10 !== 0) }),
        };
      },
    }),
  },
  {
    name: 'throw where nobody catches',
    breaks: ['nothing is thrown'],
    withinSeeds: 1,
    focus: {},
    build: agentWith(({ clock }) => {
      clock.after(5000, () => void Promise.reject(new Error('a mistake')));
      return {};
    }),
  },
  {
    name: 'a timer that is armed again at once, for ever',
    breaks: ['the run goes on'],
    withinSeeds: 1,
    focus: {},
    build: agentWith(({ clock }) => {
      const again = () => void clock.after(0, again);
      clock.after(5000, again);
      return {};
    }),
  },
  {
    name: 'an agent that does not start',
    breaks: ['the agent'],
    withinSeeds: 1,
    focus: {},
    build: {
      ...productionBuild,
      createAgent: (options, wallClockMs) =>
        over(productionBuild.createAgent(options, wallClockMs), { start: async () => Promise.reject(new Error('no')) }),
    },
  },
];
