import { checkScenario, play, productionBuild, withoutRealTime } from '../simulation/mod.ts';

/** Wall time of simulated time, by cluster size: `node bench/sim.ts [nodes:vms:seconds ...]`. */
const sizes =
  process.argv.length > 2
    ? process.argv.slice(2)
    : ['3:10:1800', '5:50:1800', '10:100:600', '30:300:120', '100:2000:30'];

for (const size of sizes) {
  const [nodes = 3, vms = 10, until = 60] = size.split(':').map(Number);
  const scenario = checkScenario(
    {
      name: size,
      nodes: Array.from({ length: nodes }, (_, i) => ({ name: `n${i + 1}`, cpus: 256, memoryMiB: 1_048_576 })),
      vms: Array.from({ length: vms }, (_, i) => ({ id: `vm-${i + 1}`, node: `n${(i % nodes) + 1}` })),
      events: [{ at: until / 3, do: 'power-off', node: 'n1' }],
      until,
    },
    size,
  );
  const { wallSeconds, recoveries } = await withoutRealTime(() => play(scenario, { build: productionBuild }));
  const memoryMiB = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(
    JSON.stringify({
      nodes,
      vms,
      until,
      wallSeconds,
      timesRealTime: until / wallSeconds,
      recoveries: recoveries.length,
      memoryMiB,
    }),
  );
}
