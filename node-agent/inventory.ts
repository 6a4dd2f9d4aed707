import { type Inventory, type Judgement, type NodeId, nodeDocumentSchema, nodeId, ruleSchema } from '#machines';
import type { Database } from '#ports';
import { listVms } from './vm-records.ts';

/** What placement decides on: nodes as judged here, VMs where the database leases them. */
export async function readInventory(
  database: Database,
  judgements: ReadonlyMap<NodeId, Judgement>,
): Promise<Inventory> {
  const [nodes, rules, vms] = await Promise.all([database.list('nodes'), database.list('rules'), listVms(database)]);
  return {
    nodes: nodes.map(({ id, body }) => {
      const { cpus, memoryMiB, zone, maintenance } = nodeDocumentSchema.parse(body);
      const node = nodeId(id);
      const alive = judgements.get(node)?.verdict === 'healthy';
      return { node, alive, maintenance, cpus, memoryMiB, ...(zone === undefined ? {} : { zone }) };
    }),
    rules: rules.map(({ body }) => ruleSchema.parse(body)),
    placed: vms.flatMap(({ spec: { vm, cpus, memoryMiB }, recorded, lease }) =>
      recorded === 'running' && lease !== null ? [{ vm, node: lease.node, cpus, memoryMiB }] : [],
    ),
  };
}
