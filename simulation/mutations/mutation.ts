import type { Transport } from '#actors';
import type { Database } from '#ports';
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
  /** Breaks what no port leads to, until what it returns is called. */
  readonly install?: () => () => void;
}

type Agent = (options: NodeProcessOptions, wallClockMs: () => number) => Partial<NodeProcessOptions>;

/** The production agent with some of its surroundings falsified. */
export function agentWith(falsify: Agent): Build {
  return {
    ...productionBuild,
    createAgent: (options, wallClockMs) =>
      productionBuild.createAgent({ ...options, ...falsify(options, wallClockMs) }, wallClockMs),
  };
}

/** The production agents on servers of which some answers are falsified. */
export function serversWith(falsify: {
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

/** Mishaps by which copies are suspended and taken over. */
export const STORAGE = ['storage-link-down', 'storage-link-up', 'management-link-down', 'management-link-up'];
