import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from './lab.ts';
import type { LabLogEntry } from './node-report.ts';
import { untilBooted } from './until-booted.ts';

/** One VM brought back after a power cut. Ms since the cut, by the lab's own clock. */
export interface Failover {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly epoch: number;
  /** A node found the other dead and began to fence it. */
  readonly detectedMs: number;
  /** Its actor decided that it is down, with proof. */
  readonly decidedMs: number;
  /** Its node was chosen and leased to. */
  readonly plannedMs: number;
  /** The hypervisor runs it again. */
  readonly startedMs: number;
  /** Its guest wrote its first record. */
  readonly bootedMs: number;
}

/** What did not happen in time after the cut. */
export class FailoverMissing extends Error {
  override readonly name = 'FailoverMissing';
  readonly code = 'FAILOVER_MISSING';
  readonly retryable = false;
}

const DEADLINE_MS = 120_000;
const LOOK_MS = 20;

/** Cuts the node's power and waits until every VM that ran there runs elsewhere. Throws `FailoverMissing`. */
export async function cutAndFollow(lab: Lab, node: string): Promise<Failover[]> {
  const lost = lab.status().vms.filter((vm) => vm.node === node && vm.actual === 'running');
  const entries: { readonly entry: LabLogEntry; readonly ms: number }[] = [];
  const beganMs = performance.now();
  const leave = lab.watch.subscribe((entry) => entries.push({ entry, ms: performance.now() - beganMs }));
  const first = (fits: (entry: LabLogEntry) => boolean) => entries.find(({ entry }) => fits(entry));
  const startOf = (vm: string) => first((entry) => entry.what === 'start' && entry.vm === vm && entry.node !== node);
  try {
    await lab.powerOff(node);
    await until(() => lost.every(({ vm }) => startOf(vm) !== undefined));
    return await Promise.all(
      lost.map(async ({ vm }): Promise<Failover> => {
        const start = startOf(vm);
        if (start === undefined) {
          throw new FailoverMissing(`${vm} was not started elsewhere within ${DEADLINE_MS / 1000} s of the cut`);
        }
        const epoch = epochOf(start.entry);
        await untilBooted(lab.diskOf(vm), vm, epoch);
        const detected = first((entry) => entry.what === 'fence' && entry.about === node);
        const decided = first((entry) => entry.what === 'trigger' && (entry.about === node || entry.vm === vm));
        const planned = first((entry) => entry.what === 'plan' && entry.vm === vm);
        return {
          ...{ vm, from: node, to: start.entry.node, epoch },
          detectedMs: detected?.ms ?? Number.NaN,
          decidedMs: decided?.ms ?? Number.NaN,
          plannedMs: planned?.ms ?? Number.NaN,
          startedMs: start.ms,
          bootedMs: performance.now() - beganMs,
        };
      }),
    );
  } finally {
    leave();
  }
}

/** The agent says it with its reply: `started (epoch 2)`. */
function epochOf({ why, vm }: LabLogEntry): number {
  const epoch = /\(epoch (\d+)\)/.exec(why)?.[1];
  if (epoch === undefined) throw new FailoverMissing(`${vm} was started for no epoch that its agent named: ${why}`);
  return Number(epoch);
}

async function until(done: () => boolean): Promise<void> {
  const untilMs = performance.now() + DEADLINE_MS;
  while (!done() && performance.now() < untilMs) await delay(LOOK_MS);
}
