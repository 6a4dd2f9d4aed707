import type { Transport } from '#actors';
import type { Database } from '#ports';
import type { Body } from '../invariants/watcher.ts';
import type { Observers } from './observers.ts';

/** The same servers, with every commit and every change of a document told to the observers at the instant it lands. */
export function observedServers(
  { transport, database }: { readonly transport: Transport; readonly database: Database },
  observers: Observers,
): { readonly transport: Transport; readonly database: Database } {
  return { transport: observedTransport(transport, observers), database: observedDatabase(database, observers) };
}

function observedTransport(inner: Transport, observers: Observers): Transport {
  const commitIds = new Map<string, string>();
  return {
    partitions: inner.partitions,
    atomicOutgoing: inner.atomicOutgoing,
    boundedRedelivery: inner.boundedRedelivery,
    maxBodyBytes: inner.maxBodyBytes,
    schedules: inner.schedules,
    bus: inner.bus,
    deliver: (message) => inner.deliver(message),
    commit: async (step) => {
      const sequence = await inner.commit(step);
      const { address, commitId, body } = step;
      // The same commit once more is no step.
      if (commitIds.get(address) !== commitId) observers.committed({ address, sequence, commitId, body });
      commitIds.set(address, commitId);
      return sequence;
    },
    latest: (address) => inner.latest(address),
    sweep: (partition) => inner.sweep(partition),
    history: (address, limit) => inner.history(address, limit),
    consume: (partition, receive) => inner.consume(partition, receive),
    watch: (kinds, listener) => inner.watch(kinds, listener),
    isFull: (address) => inner.isFull(address),
    deadLetters: (...limits) => inner.deadLetters(...limits),
    deadLetter: (message, reason) => inner.deadLetter(message, reason),
    close: () => inner.close(),
  };
}

function observedDatabase(inner: Database, observers: Observers): Database {
  const bodies = new Map<string, Body>();
  const changed = (collection: string, id: string, after: Body | undefined) => {
    const key = `${collection}/${id}`;
    observers.documentChanged(collection, id, bodies.get(key), after);
    if (after === undefined) bodies.delete(key);
    else bodies.set(key, after);
  };
  return {
    description: inner.description,
    get: (collection, id) => inner.get(collection, id),
    list: (collection) => inner.list(collection),
    create: async (collection, id, body) => {
      const created = await inner.create(collection, id, body);
      changed(collection, id, body);
      return created;
    },
    replace: async (collection, id, revision, body) => {
      const replaced = await inner.replace(collection, id, revision, body);
      changed(collection, id, body);
      return replaced;
    },
    remove: async (collection, id, revision) => {
      await inner.remove(collection, id, revision);
      changed(collection, id, undefined);
    },
    beat: (node) => inner.beat(node),
    beats: () => inner.beats(),
    close: () => inner.close(),
  };
}
