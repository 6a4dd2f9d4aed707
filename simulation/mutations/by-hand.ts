import { checkSchedule, type Schedule } from '../fuzz/schedule.ts';

const NODES = [{ name: 'n1' }, { name: 'n2' }, { name: 'n3' }];

/** What happens, as a schedule file says it. */
export interface ByHand {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly events: readonly object[];
  readonly faults: readonly object[];
  readonly healedAt: number;
  /** How many are on the first node; one unless said. */
  readonly vms?: number;
}

/** A schedule made by hand for one mistake: three nodes, and all VMs on the first. By the seed differs only what chance does. */
export function byHand({ settings, events, faults, healedAt, vms: count = 1 }: ByHand): (seed: number) => Schedule {
  const vms = Array.from({ length: count }, (_, i) => ({ id: `vm-${i + 1}`, node: 'n1' }));
  return (seed) => {
    const scenario = { name: 'made by hand', settings: { ...settings, seed }, nodes: NODES, vms, events };
    return checkSchedule({ scenario: { ...scenario, until: healedAt + 300 }, faults, healedAt }, 'made by hand');
  };
}

/** The same on each of these nodes. */
export function on(nodes: readonly string[], fault: object): object[] {
  return nodes.map((node) => ({ ...fault, node }));
}

/** A link of the storage network of the first node, as bad as `lossPercent` says. */
export function storageLink(at: number, seconds: number, lossPercent: number): object {
  const rest = { delayMs: 0, jitterMs: 0, duplicatePercent: 0 };
  return { at, do: 'link-bad', network: 'storage', node: 'n1', seconds, lossPercent, ...rest };
}
