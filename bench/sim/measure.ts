import { performance } from 'node:perf_hooks';
import { checkScenario, play, productionBuild, withoutRealTime } from '../../simulation/mod.ts';

export interface ClusterSize {
  readonly nodes: number;
  readonly vms: number;
  readonly seconds: number;
}

export interface Measured extends ClusterSize {
  /** CPU time of this process and its collector: on a machine that is busy otherwise, closer to the truth than wall time. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** VMs that were brought back. */
  readonly recoveries: number;
  readonly peakMiB: number;
}

/** Plays a cluster of that size, in which one node loses power after a third of the time; VMs run on all nodes. */
export async function measure(size: ClusterSize): Promise<Measured> {
  const { nodes, vms, seconds } = size;
  const name = `${nodes} nodes, ${vms} VMs`;
  const scenario = checkScenario(
    {
      name,
      nodes: Array.from({ length: nodes }, (_, i) => ({ name: `n${i + 1}`, cpus: 256, memoryMiB: 1_048_576 })),
      vms: Array.from({ length: vms }, (_, i) => ({ id: `vm-${i + 1}`, node: `n${(i % nodes) + 1}` })),
      events: [{ at: seconds / 3, do: 'power-off', node: `n${nodes}` }],
      until: seconds,
    },
    name,
  );
  const cpuBefore = process.cpuUsage();
  const wallBefore = performance.now();
  const { recoveries, violations } = await withoutRealTime(() => play(scenario, { build: productionBuild }));
  const cpu = process.cpuUsage(cpuBefore);
  if (violations.length > 0) throw new Error(`${name}: ${violations[0]?.invariant}: ${violations[0]?.why}`);
  return {
    ...size,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    wallSeconds: (performance.now() - wallBefore) / 1000,
    recoveries: recoveries.length,
    peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}
