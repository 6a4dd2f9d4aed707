import type { Transport } from '#actors';
import type { VmId } from '#machines';
import type { Database, Document, Hypervisor, LeaseSector, SharedStorage } from '#ports';
import type { NodeProcessOptions } from '../../node-agent/node-process-options.ts';
import type { FuzzShape } from '../fuzz/random-cluster.ts';
import type { Focus } from '../fuzz/random-schedule.ts';
import type { Build } from '../run/play.ts';
import { productionBuild } from '../run/production.ts';

/** A build that is broken on purpose, and what must notice. */
export interface Mutation {
  readonly name: string;
  /** Beginnings of the invariants of which one must be found broken. */
  readonly breaks: readonly string[];
  /** It must be found within that many seeds, counted from 1. */
  readonly withinSeeds: number;
  /** Where to look, so that few seeds are enough. */
  readonly focus: Focus;
  /** What must differ from three nodes, three or four VMs and a quarter of an hour. */
  readonly shape?: Partial<FuzzShape>;
  readonly build: Build;
}

type Agent = (options: NodeProcessOptions, wallClockMs: () => number) => Partial<NodeProcessOptions>;

/** The production agent with some of its surroundings falsified. */
function agentWith(falsify: Agent): Build {
  return {
    ...productionBuild,
    createAgent: (options, wallClockMs) =>
      productionBuild.createAgent({ ...options, ...falsify(options, wallClockMs) }, wallClockMs),
  };
}

function serversWith(falsify: {
  readonly transport?: (inner: Transport) => Partial<Transport>;
  readonly database?: (inner: Database) => Partial<Database>;
}): Build {
  return {
    ...productionBuild,
    servers: (time) => {
      const { transport, database } = productionBuild.servers(time);
      return {
        transport: over(transport, falsify.transport?.(transport) ?? {}),
        database: over(database, falsify.database?.(database) ?? {}),
      };
    },
  };
}

/** `inner` with some members replaced; the others keep their `this`. */
export function over<Inner extends object>(inner: Inner, changes: Partial<Inner>): Inner {
  return new Proxy(inner, {
    get: (target, key) => {
      if (Object.hasOwn(changes, key)) return Reflect.get(changes, key);
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const STORAGE = ['storage-link-down', 'storage-link-up', 'management-link-down', 'management-link-up'];

export const MUTATIONS: readonly Mutation[] = [
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
    name: 'trust the wall clock',
    breaks: ['G3', 'the agent', 'nothing is thrown', 'G2', 'T6'],
    withinSeeds: 5,
    focus: { mishaps: ['clock-jump'] },
    build: agentWith(({ clock }, wallClockMs) => ({ clock: { nowMs: wallClockMs, after: clock.after } })),
  },
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
          beats: async () => {
            missed += 1;
            if (missed === 3) for (const { vm } of await hypervisor.list()) await hypervisor.suspend(vm);
            const beats = await database.beats();
            missed = 0;
            return beats;
          },
        }),
      };
    }),
  },
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

type Copy = Awaited<ReturnType<Hypervisor['list']>>[number];

function crashed(copy: Copy): Copy {
  return copy.reason === 'guest-shutdown' ? { ...copy, reason: 'crashed' } : copy;
}

function older(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null || !('slots' in payload) || !Array.isArray(payload.slots))
    return payload;
  return { ...payload, slots: payload.slots.map((slot: object) => ({ ...slot, ageMs: 1e6 })) };
}

function backwards(lease: unknown): object {
  if (typeof lease !== 'object' || lease === null) return {};
  return { lease: { ...lease, epoch: Math.max(0, Number(Reflect.get(lease, 'epoch')) - 2) } };
}
