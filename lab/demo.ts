import { cutAndFollow, type Failover, FailoverMissing } from './failover.ts';
import type { Lab } from './lab.ts';
import type { LabStatus } from './lab-status.ts';
import { readWitness } from './witness.ts';

/**
 * Cuts the power of the node with the most VMs, tells what happened and how long it took. True only if every VM came
 * back, and exactly once: by the product's own account and by what the guests wrote on their disks.
 */
export async function playDemo(lab: Lab, say: (line: string) => void): Promise<boolean> {
  const node = busiestNode(lab.status());
  say('');
  say(`=== cutting the power of ${node} ===`);
  let failovers: Failover[];
  try {
    failovers = await cutAndFollow(lab, node);
  } catch (error) {
    if (!(error instanceof FailoverMissing)) throw error;
    say(`FAILED: ${error.message}`);
    return false;
  }
  const wrong = [...(await lab.checkWitness()), ...(await lab.unproven()), ...(await notExactlyOnce(lab, failovers))];
  say('');
  say(`=== ${node} lost its power; ${failovers.length} VMs came back (seconds after the cut) ===`);
  say('VM          from -> to   decided   leased  started   guest up');
  for (const { vm, from, to, decidedMs, plannedMs, startedMs, bootedMs } of failovers) {
    const times = [decidedMs, plannedMs, startedMs, bootedMs].map((ms) => (ms / 1000).toFixed(2).padStart(8));
    say(`${vm.padEnd(10)}  ${`${from} -> ${to}`.padEnd(12)}${times.join(' ')}`);
  }
  for (const line of wrong) say(`FAILED: ${line}`);
  if (wrong.length === 0) say("checked on the guests' own disks: each VM came back exactly once");
  return wrong.length === 0;
}

/** The node on which most VMs run. */
export function busiestNode({ nodes, vms }: LabStatus): string {
  const running = (node: string) => vms.filter((vm) => vm.node === node && vm.actual === 'running').length;
  const [busiest] = nodes.map(({ node }) => node).toSorted((a, b) => running(b) - running(a));
  if (busiest === undefined || running(busiest) === 0) throw new RangeError('no VM runs anywhere');
  return busiest;
}

/** One run for each epoch, and no epoch but the first and the one it came back in. */
export async function notExactlyOnce(lab: Lab, failovers: readonly Failover[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { vm, epoch } of failovers) {
    const records = await readWitness(lab.diskOf(vm));
    const runs = new Set(records.filter((record) => record.epoch === epoch).map(({ run }) => run));
    if (runs.size !== 1) wrong.push(`${vm}: ${runs.size} guests wrote in epoch ${epoch}, not one`);
    const others = records.filter((record) => record.epoch > 1 && record.epoch !== epoch);
    if (others.length > 0) wrong.push(`${vm}: wrote in epoch ${others[0]?.epoch} too, it came back in ${epoch}`);
  }
  return wrong;
}
