import type { Fence } from '#ports';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimHost, SimProcess } from './host.ts';

/** A fence device that was asked and has no answer gives up after this long. */
const DEADLINE_MS = 10_000;

export interface FenceOptions {
  readonly kind: 'confirming' | 'broken';
  readonly seconds: number;
  readonly time: VirtualTime;
  find(name: string): SimHost | undefined;
  /** The incarnation that host has written to its slot last. */
  incarnationOf(name: string): number;
  cutPower(host: SimHost): void;
}

/** The power switches of all hosts, reached over the management network. `broken`: takes the order and never confirms. */
export function openFence(options: FenceOptions, process: SimProcess): Fence {
  const by = `simulated-${options.kind}`;
  return {
    name: by,
    fence: (node, incarnation) =>
      new Promise((resolve) => {
        const fail = (why: string) => process.later(DEADLINE_MS, () => resolve({ outcome: 'failed', by, why }));
        const host = options.find(node);
        if (host === undefined) return fail(`there is no ${node}`);
        if (options.kind === 'broken') return fail('the device does not answer');
        if (!process.host.links.management) return fail('the device cannot be reached');
        return options.time.after(options.seconds * 1000, () => {
          if (options.incarnationOf(node) <= incarnation && host.powered) options.cutPower(host);
          process.run(() => resolve({ outcome: 'confirmed', by }));
        });
      }),
  };
}
