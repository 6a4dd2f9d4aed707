import type { ScenarioProblem } from './errors.ts';
import type { Scenario } from './schema.ts';

/** A VM that runs on a node with less memory than it has: no host could have started it. */
export function tooLargeForTheirNodes({ vms, nodes }: Scenario): ScenarioProblem[] {
  const memoryOf = new Map(nodes.map(({ name, memoryMiB }) => [name, memoryMiB]));
  return vms.flatMap(({ id, node, state, memoryMiB }, i) => {
    const most = memoryOf.get(node) ?? 0;
    if (state !== 'running' || memoryMiB <= most) return [];
    const message = `${id} cannot run on ${node} with ${memoryMiB}; allowed: up to ${most}, what ${node} has`;
    return [{ path: `vms[${i}].memoryMiB`, message }];
  });
}
