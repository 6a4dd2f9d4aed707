import { type Lease, type MoveLeaseResult, type NodeId, type VmDocument, type VmId, vmDocumentSchema } from '#machines';
import { type Database, type Document, RevisionConflict } from '#ports';

/** Tries of a change that others keep overtaking. */
const TRIES = 10;

/** The VM's document, undefined when there is none. */
export async function readVm(database: Database, vm: VmId): Promise<VmDocument | undefined> {
  const found = await database.get('vms', vm);
  return found === undefined ? undefined : vmDocumentSchema.parse(found.body);
}

/** Every VM that the database knows. */
export async function listVms(database: Database): Promise<readonly VmDocument[]> {
  return (await database.list('vms')).map(({ body }) => vmDocumentSchema.parse(body));
}

/**
 * Changes a document by compare-and-set, again while others change it first. `change` returns undefined when there is
 * nothing to do. Throws `RevisionConflict` when it never won, or the document is gone.
 */
export async function changeVm(
  database: Database,
  vm: VmId,
  change: (document: VmDocument) => VmDocument | undefined,
): Promise<VmDocument> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const found = await database.get('vms', vm);
    if (found === undefined) throw new RevisionConflict(`there is no VM ${vm}`);
    const document = vmDocumentSchema.parse(found.body);
    const next = change(document);
    if (next === undefined) return document;
    if (await replaced(database, found, next)) return next;
  }
  throw new RevisionConflict(`vms/${vm} kept changing`);
}

async function replaced(database: Database, { id, revision }: Document, next: VmDocument): Promise<boolean> {
  try {
    await database.replace('vms', id, revision, { ...next });
    return true;
  } catch (error) {
    if (error instanceof RevisionConflict) return false;
    throw error;
  }
}

/** Moves the database lease from `expectedEpoch` (0: never leased) to the next, for `node`. Twice is as good as once. */
export async function moveLease(
  database: Database,
  { vm, expectedEpoch, node }: { readonly vm: VmId; readonly expectedEpoch: number; readonly node: NodeId },
): Promise<MoveLeaseResult> {
  const epoch = expectedEpoch + 1;
  let conflict: Lease | null | undefined;
  await changeVm(database, vm, (document) => {
    conflict = undefined;
    if (document.lease?.node === node && document.lease.epoch === epoch) return undefined;
    if ((document.lease?.epoch ?? 0) !== expectedEpoch) {
      conflict = document.lease;
      return undefined;
    }
    return { ...document, lease: { node, epoch } };
  });
  if (conflict === undefined) return { ok: true, epoch };
  const held = conflict === null ? 'nobody' : `${conflict.node} for epoch ${conflict.epoch}`;
  return { ok: false, why: `the database leases ${vm} to ${held}, not for epoch ${expectedEpoch}` };
}
