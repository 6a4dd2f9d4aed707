import { assign } from 'xstate';
import { type VmContext, waitAfterAttemptMs } from '#machines';
import { productionBuild } from '../run/production.ts';
import { kindsWith } from './kinds-with.ts';
import type { Mutation } from './mutation.ts';

type Step = { readonly context: VmContext; readonly event: { readonly type: string } };

/** How often a VM is tried to be brought back, and what is said meanwhile (B5). */
export const ATTEMPTS: readonly Mutation[] = [
  {
    name: 'give up after six attempts',
    breaks: ['B5: attempts'],
    withinSeeds: 20,
    focus: { mishaps: ['power-off', 'power-on', 'kill', 'start-fails'], memoryMiB: 4096 },
    build: productionBuild,
    install: () => kindsWith('vm', { guards: { hasTriesLeft: ({ context }: Step) => context.attempt < 6 } }),
  },
  {
    name: 'wait twice as long between attempts',
    breaks: ['B5: no wait is longer'],
    withinSeeds: 5,
    focus: { mishaps: ['kill', 'start-fails'] },
    build: productionBuild,
    install: () =>
      kindsWith('vm', {
        delays: { wait: ({ context }: Step) => 2 * (waitAfterAttemptMs(Math.max(1, context.attempt)) ?? 0) },
      }),
  },
  {
    name: 'room that appears makes the next attempt the first',
    breaks: ['B5: attempts'],
    withinSeeds: 60,
    focus: { mishaps: ['power-off', 'power-on', 'kill', 'start-fails'], memoryMiB: 4096 },
    build: productionBuild,
    install: () =>
      kindsWith('vm', {
        actions: { noteTrigger: assign(({ event }: Step) => (event.type === 'capacity' ? { attempt: 0 } : {})) },
      }),
  },
  {
    name: "forget a user's stop once the recovery under way succeeds",
    breaks: ['liveness'],
    withinSeeds: 20,
    focus: { mishaps: ['kill', 'stop'] },
    build: productionBuild,
    install: () =>
      kindsWith('vm', {
        guards: { isToStop: ({ context, event }: Step) => event.type !== 'jobDone' && context.recorded === 'stopped' },
      }),
  },
];
