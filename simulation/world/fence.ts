import type { Fence } from '#ports';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimHost } from './host.ts';
import type { SimProcess } from './sim-process.ts';

/** A fence device that was asked and has no answer gives up after this long. */
const DEADLINE_MS = 10_000;

/** How the power switches behave now. */
export interface FenceMood {
  /** From the order to the cut, ms. */
  takesMs: number;
  /** False: the order is carried out, but no answer comes. */
  answers: boolean;
}

/** A device that says of one host that it is off, and did not take its power: nobody hears that from the device. */
export interface FenceLie {
  /** So long after its word it acts, whatever boot it then meets; undefined: never (a dead relay), unless it is another's plug. */
  readonly actsAfterMs?: number;
  /** Whose power it really takes and gives: the plug is in the wrong socket. */
  readonly plugOf?: string;
}

export interface FenceOptions {
  /** `broken`: takes no order and never confirms. */
  readonly kind: 'confirming' | 'broken';
  readonly mood: FenceMood;
  /** By the host they are about. */
  readonly lies: ReadonlyMap<string, FenceLie>;
  readonly time: VirtualTime;
  find(name: string): SimHost | undefined;
  /** The incarnation that host has written to its slot last. */
  incarnationOf(name: string): number;
  cutPower(host: SimHost): void;
  givePower(host: SimHost): void;
}

/**
 * The power switches of all hosts, reached over the management network. One that is slower than the deadline is answered
 * for with `failed` and cuts the power all the same, later. Kinder than a real one: it spares a boot that has written its slot
 * since (open work).
 */
export function openFence(options: FenceOptions, process: SimProcess): Fence {
  const by = `simulated-${options.kind}`;
  /** What it does; whether it says that it took the power. */
  const act = (host: SimHost, incarnation: number): boolean => {
    const lie = options.lies.get(host.name);
    if (lie === undefined) {
      const cut = options.incarnationOf(host.name) <= incarnation && host.powered;
      if (cut) options.cutPower(host);
      return cut;
    }
    const victim = options.find(lie.plugOf ?? host.name);
    const acts = lie.actsAfterMs !== undefined || lie.plugOf !== undefined;
    if (victim !== undefined && acts) options.time.after(lie.actsAfterMs ?? 0, () => options.cutPower(victim));
    return true;
  };
  return {
    name: by,
    fence: (node, incarnation) =>
      new Promise((resolve) => {
        const fail = (why: string) => process.later(DEADLINE_MS, () => resolve({ outcome: 'failed', by, why }));
        const host = options.find(node);
        if (host === undefined) return fail(`there is no ${node}`);
        if (options.kind === 'broken') return fail('the device does not answer');
        if (!process.host.links.management) return fail('the device cannot be reached');
        const { takesMs, answers } = options.mood;
        const deadline = fail('the device did not answer in time');
        return options.time.after(takesMs, () => {
          const cut = act(host, incarnation);
          if (!answers || !process.host.links.management) return;
          process.run(() => {
            deadline.cancel();
            resolve({ outcome: 'confirmed', by, cut });
          });
        });
      }),
    powerOn: (node) =>
      new Promise((resolve, reject) => {
        const host = options.find(options.lies.get(node)?.plugOf ?? node);
        const { takesMs, answers } = options.mood;
        if (host === undefined || !process.host.links.management) {
          process.later(DEADLINE_MS, () => reject(new Error(`the device of ${node} cannot be reached`)));
          return;
        }
        options.time.after(takesMs, () => {
          options.givePower(host);
          if (answers) process.run(resolve);
        });
        process.later(DEADLINE_MS, () => reject(new Error(`the device of ${node} did not answer in time`)));
      }),
  };
}
