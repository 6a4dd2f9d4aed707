import {
  type ClusterInventory,
  type ClusterSettings,
  clusterSettings,
  type Judgement,
  type NodeId,
  nodeDocumentSchema,
  nodeId,
  ruleSchema,
  type VmDocument,
} from '#machines';
import { type Database, type Document, RevisionConflict } from '#ports';
import { listVms } from './vm-records.ts';

/** Tries of a change that others keep overtaking. */
const TRIES = 10;

/** What placement decides on: nodes as judged here, VMs where the database leases them. */
export async function readInventory(
  database: Database,
  judgements: ReadonlyMap<NodeId, Judgement>,
): Promise<ClusterInventory> {
  const [nodes, rules, vms, { armed }] = await Promise.all([
    database.list('nodes'),
    database.list('rules'),
    listVms(database),
    readSettings(database),
  ]);
  const leased = vms.flatMap((document) =>
    document.recorded === 'running' && document.lease !== null
      ? [{ node: document.lease.node, ...toBePlaced(document) }]
      : [],
  );
  return {
    armed,
    leased,
    newcomers: vms
      .filter(({ recorded, lease, actual }) => (recorded === 'stopped' || lease === null) && actual === undefined)
      .map(toBePlaced),
    nodes: nodes.map(({ id, body }) => {
      const { cpus, memoryMiB, zone, maintenance } = nodeDocumentSchema.parse(body);
      const node = nodeId(id);
      const judgement = judgements.get(node);
      const alive = judgement?.verdict === 'healthy';
      const { incarnation = 0, sequence = 0 } = judgement ?? {};
      const slot = { incarnation, sequence };
      return { node, alive, maintenance, cpus, memoryMiB, slot, ...(zone === undefined ? {} : { zone }) };
    }),
    rules: rules.map(({ body }) => ruleSchema.parse(body)),
    uncertain: vms.flatMap(({ spec: { vm, cpus, memoryMiB }, mayRunOn }) =>
      mayRunOn.map((node) => ({ vm, node, cpus, memoryMiB, uncertain: true as const })),
    ),
    placed: leased.map(({ vm, node, cpus, memoryMiB }) => ({ vm, node, cpus, memoryMiB })),
  };
}

/** F6. A cluster whose settings were never written is armed. */
export async function readSettings(database: Database): Promise<ClusterSettings> {
  return clusterSettings.parse((await database.get('settings', 'main'))?.body ?? {});
}

function toBePlaced({ spec: { vm, cpus, memoryMiB }, ha, failback, priority, home }: VmDocument) {
  return { vm, cpus, memoryMiB, ha, failback, priority, home };
}

/** Changes a document by compare-and-set, again when others change it first. */
async function change(
  database: Database,
  collection: 'settings' | 'nodes',
  id: string,
  next: (body: Document['body'] | undefined) => Document['body'] | undefined,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const found = await database.get(collection, id);
    const body = next(found?.body);
    if (body === undefined) return;
    try {
      if (found === undefined) await database.create(collection, id, body);
      else await database.replace(collection, id, found.revision, body);
      return;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
  throw new RevisionConflict(`${collection}/${id} kept changing`);
}

/** F6: arms or disarms the whole cluster. */
export function setArmed(database: Database, armed: boolean): Promise<void> {
  return change(database, 'settings', 'main', (body = {}) =>
    clusterSettings.parse(body).armed === armed ? undefined : { ...body, armed },
  );
}

/**
 * To be called before a fence is told to end that boot of a node. True: one was told before, and may have taken its power
 * though nobody heard of it.
 */
export async function noteFenceOrder(database: Database, node: NodeId, incarnation: number): Promise<boolean> {
  let wasOrdered = false;
  await change(database, 'nodes', node, (body) => {
    wasOrdered = body !== undefined && nodeDocumentSchema.parse(body).fenceOrdered === incarnation;
    return body === undefined || wasOrdered ? undefined : { ...body, fenceOrdered: incarnation };
  });
  return wasOrdered;
}

/** F6: takes a node out of use or gives it back; nothing when there is no such node. */
export function setMaintenance(database: Database, node: NodeId, maintenance: boolean): Promise<void> {
  return change(database, 'nodes', node, (body) =>
    body === undefined || nodeDocumentSchema.parse(body).maintenance === maintenance
      ? undefined
      : { ...body, maintenance },
  );
}
