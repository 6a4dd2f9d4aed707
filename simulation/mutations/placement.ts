import type { Database, Document } from '#ports';
import { agentWith, type Mutation, over, STORAGE } from './mutation.ts';

/** Where VMs are placed, and who comes first. */
export const PLACEMENT: readonly Mutation[] = [
  {
    name: 'ignore the rules',
    breaks: ['F1: placement keeps the rules'],
    withinSeeds: 40,
    focus: { mishaps: ['power-off', 'power-on', ...STORAGE], rules: true },
    build: agentWith(({ database }) => ({
      database: over<Database>(database, {
        list: async (collection) => (collection === 'rules' ? [] : database.list(collection)),
      }),
    })),
  },
  {
    name: 'part those who must be together',
    breaks: ['F1: placement keeps together'],
    withinSeeds: 10,
    focus: { mishaps: ['power-off', 'power-on', ...STORAGE], rules: 'together' },
    build: agentWith(({ database }) => ({
      database: over<Database>(database, {
        list: async (collection) => {
          const all = await database.list(collection);
          return collection === 'rules' ? all.filter(({ body }) => body.mode !== 'together') : all;
        },
      }),
    })),
  },
  {
    name: 'the least important first',
    breaks: ['F2: the important ones first'],
    withinSeeds: 40,
    focus: { mishaps: ['power-off', 'power-on', 'kill'], memoryMiB: 4096 },
    shape: { vms: [6, 10] },
    build: agentWith(({ database }) => {
      const turned = <Found extends Document>(found: Found): Found =>
        typeof found.body.priority === 'number'
          ? { ...found, body: { ...found.body, priority: -found.body.priority } }
          : found;
      return {
        database: over<Database>(database, {
          get: async (collection, id) => {
            const found = await database.get(collection, id);
            return found === undefined ? undefined : turned(found);
          },
          list: async (collection) => (await database.list(collection)).map(turned),
          replace: (collection, id, revision, body) =>
            database.replace(collection, id, revision, turned({ id, revision, body }).body),
        }),
      };
    }),
  },
];
