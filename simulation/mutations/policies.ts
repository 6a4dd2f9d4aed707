import { timingsFor } from '#machines';
import type { Database, Document } from '#ports';
import { productionBuild } from '../run/production.ts';
import { kindsWith } from './kinds-with.ts';
import { agentWith, type Mutation, over } from './mutation.ts';

/** From when on a host with sensitivity high and no fence may be taken over. */
const BOUND_MS = timingsFor({ sensitivity: 'high', confirmingFence: false }).takeoverBoundMs;

/** What users order, and what is promised: who is cared for, when, and by whom not. */
export const POLICIES: readonly Mutation[] = [
  {
    name: 'take a host over only at twice the bound',
    breaks: ['B7'],
    withinSeeds: 10,
    focus: { mishaps: ['power-off', 'power-on'], settings: { fence: 'none', sensitivity: 'high' } },
    build: productionBuild,
    install: () =>
      kindsWith('node', {
        guards: {
          hasBound: ({ event }: { readonly event: { readonly ageMs: number } }) => event.ageMs >= 2 * BOUND_MS,
        },
      }),
  },
  {
    name: 'bring back whoever is not protected',
    breaks: ['who is not protected'],
    withinSeeds: 10,
    focus: { mishaps: ['power-off', 'power-on'], unprotected: true },
    build: agentWith(({ database }) => ({
      database: over<Database>(database, {
        get: async (collection, id) => {
          const found = await database.get(collection, id);
          return found === undefined || collection !== 'vms' ? found : changed(found, { ha: true });
        },
        replace: (collection, id, revision, body) =>
          database.replace(collection, id, revision, collection === 'vms' ? { ...body, ha: false } : body),
      }),
    })),
  },
  {
    name: 'ignore the shutdown policy freeze',
    breaks: ['T5'],
    withinSeeds: 10,
    focus: { mishaps: ['shutdown', 'power-on'], settings: { shutdownPolicy: 'freeze' } },
    build: productionBuild,
    install: () => kindsWith('node', { guards: { freezes: () => false } }),
  },
  {
    name: 'place while disarmed',
    breaks: ['F6: disarmed'],
    withinSeeds: 20,
    focus: { mishaps: ['disarm', 'arm', 'power-off', 'power-on', 'kill'] },
    build: agentWith(({ database }) => ({ database: alwaysArmed(database, 'placement') })),
  },
  {
    name: 'fence while disarmed',
    breaks: ['F6: disarmed'],
    withinSeeds: 10,
    focus: { mishaps: ['disarm', 'arm', 'power-off', 'power-on', 'kill'], settings: { fence: 'confirming' } },
    build: agentWith(({ database }) => ({ database: alwaysArmed(database, 'fence') })),
  },
  {
    name: 'place on nodes in maintenance',
    breaks: ['F6: a node in maintenance'],
    withinSeeds: 20,
    focus: { mishaps: ['maintenance-on', 'maintenance-off', 'migrate'] },
    build: agentWith(({ database }) => ({
      database: over<Database>(database, {
        list: async (collection) => {
          const all = await database.list(collection);
          return collection === 'nodes' ? all.map((found) => changed(found, { maintenance: false })) : all;
        },
      }),
    })),
  },
];

function changed<Found extends Document>(found: Found, changes: Document['body']): Found {
  return { ...found, body: { ...found.body, ...changes } };
}

/** HA seems armed to whom only one of the two asks for: placement lists the nodes in the same moment, a fence does not. */
function alwaysArmed(database: Database, whom: 'placement' | 'fence'): Database {
  let isPlacement = false;
  return over<Database>(database, {
    list: (collection) => {
      isPlacement = true;
      queueMicrotask(() => {
        isPlacement = false;
      });
      return database.list(collection);
    },
    get: async (collection, id) => {
      const isFor = isPlacement ? 'placement' : 'fence';
      const found = await database.get(collection, id);
      const isLie = collection === 'settings' && isFor === whom && found !== undefined;
      return isLie ? changed(found, { armed: true }) : found;
    },
  });
}
