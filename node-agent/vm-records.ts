import { parseOnce } from '#actors';
import { type Lease, type MoveLeaseResult, type NodeId, type VmDocument, type VmId, vmDocumentSchema } from '#machines';
import { type Database, type Document, RevisionConflict } from '#ports';

/** Tries of a change that others keep overtaking. */
const TRIES = 10;

const parse = parseOnce(vmDocumentSchema);

function vmDocument(body: Document['body']): VmDocument {
  const parsed = parse(body);
  if (!parsed.success) throw parsed.error;
  return parsed.data;
}

/** The VM's document, undefined when there is none. */
export async function readVm(database: Pick<Database, 'get'>, vm: VmId): Promise<VmDocument | undefined> {
  const found = await database.get('vms', vm);
  return found === undefined ? undefined : vmDocument(found.body);
}

/** Every VM that the database knows. */
export async function listVms(database: Database): Promise<readonly VmDocument[]> {
  return (await database.list('vms')).map(({ body }) => vmDocument(body));
}

/**
 * Changes a document by compare-and-set, again while others change it first. `change` returns undefined when there is
 * nothing to do. Throws `RevisionConflict` when it never won, or the document is gone.
 */
export async function changeVm(
  database: Pick<Database, 'get' | 'replace'>,
  vm: VmId,
  change: (document: VmDocument) => VmDocument | undefined,
): Promise<VmDocument> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const found = await database.get('vms', vm);
    if (found === undefined) throw new RevisionConflict(`there is no VM ${vm}`);
    const document = vmDocument(found.body);
    const next = change(document);
    if (next === undefined) return document;
    if (await replaced(database, found, next)) return next;
  }
  throw new RevisionConflict(`vms/${vm} kept changing`);
}

async function replaced(
  database: Pick<Database, 'replace'>,
  { id, revision }: Document,
  next: VmDocument,
): Promise<boolean> {
  try {
    await database.replace('vms', id, revision, { ...next });
    return true;
  } catch (error) {
    if (error instanceof RevisionConflict) return false;
    throw error;
  }
}

export interface LeaseMove {
  readonly vm: VmId;
  /** 0: never leased. */
  readonly expectedEpoch: number;
  readonly node: NodeId;
  readonly home: NodeId | null;
  /** A user's start: recorded as running from now on. Any other start of a VM recorded as stopped is refused (T7b). */
  readonly byUser: boolean;
}

/**
 * Moves the database lease to the next epoch, for `node`: above `sectorEpoch` too, which is higher only when the sector is
 * that of an older VM of the same name. Twice is as good as once.
 */
export async function moveLease(database: Database, move: LeaseMove, sectorEpoch = 0): Promise<MoveLeaseResult> {
  const { vm, expectedEpoch, node, byUser } = move;
  if ((await readVm(database, vm)) === undefined) return { ok: false, why: `there is no VM ${vm}`, gone: true };
  const epoch = Math.max(expectedEpoch, sectorEpoch) + 1;
  let refusal: string | undefined;
  await changeVm(database, vm, (document) => {
    refusal = undefined;
    const { lease, recorded } = document;
    if (lease?.node === node && lease.epoch === epoch) return undefined;
    if ((lease?.epoch ?? 0) !== expectedEpoch) {
      refusal = `the database leases ${vm} to ${wordsOf(lease)}, not for epoch ${expectedEpoch}`;
    } else if (recorded === 'stopped' && !byUser) refusal = `${vm} is recorded as stopped`;
    if (refusal !== undefined) return undefined;
    return {
      ...document,
      recorded: 'running',
      lease: { node, epoch },
      home: move.home === node ? null : move.home,
      mayRunOn: mayRunOn(document, node),
    };
  });
  return refusal === undefined ? { ok: true, epoch } : { ok: false, why: refusal };
}

/** Those that may run it besides `next`. */
function mayRunOn({ lease, mayRunOn: known }: VmDocument, next: NodeId): NodeId[] {
  const all = lease === null ? known : [...known, lease.node];
  return [...new Set(all)].filter((node) => node !== next);
}

/** The start for `epoch` is confirmed: it runs nowhere else. */
export async function confirmStart(database: Database, vm: VmId, epoch: number): Promise<void> {
  await changeVm(database, vm, (document) =>
    document.lease?.epoch === epoch && document.mayRunOn.length > 0 ? { ...document, mayRunOn: [] } : undefined,
  );
}

/**
 * A user stops it: until it is off it takes room where it was. Undefined: it is stopped and known to be off, since the very stop
 * may have been done by another host, and nobody would take the room away again.
 */
export function stopping(document: VmDocument): VmDocument | undefined {
  const { lease, recorded, mayRunOn: known } = document;
  if (recorded === 'stopped' && known.length === 0) return undefined;
  return { ...document, recorded: 'stopped', mayRunOn: [...new Set(lease === null ? known : [...known, lease.node])] };
}

/** It is off, unless a user has started it meanwhile. */
export function stopped(document: VmDocument): VmDocument | undefined {
  const isOff = document.recorded === 'stopped' && document.mayRunOn.length > 0;
  return isOff ? { ...document, mayRunOn: [] } : undefined;
}

function wordsOf(lease: Lease | null): string {
  return lease === null ? 'nobody' : `${lease.node} for epoch ${lease.epoch}`;
}
