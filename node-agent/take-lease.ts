import { type NodeId, whyEvidenceFails } from '#machines';
import type { LeaseSector, SharedStorage } from '#ports';
import { changeLease } from './change-lease.ts';
import type { AgentReply, StartCommand } from './commands.ts';

export type Taken = { readonly ok: true; readonly sector: LeaseSector } | (AgentReply & { readonly ok: false });

function refuse(code: (AgentReply & { ok: false })['code'], why: string, holder?: string): Taken {
  return { ok: false, code, why, definite: true, ...(holder === undefined ? {} : { holder }) };
}

/**
 * Step 4 of the safety protocol: takes the VM's lease sector for `epoch`, or says why not. The database lease must have
 * been checked before. One that is this host's already is claimed anew: whoever was about to take it on older evidence then
 * fails. Throws `StorageUnavailable` when the outcome is unknown; taking again is safe.
 */
export async function takeLease(
  storage: SharedStorage,
  self: { readonly node: NodeId; readonly incarnation: number; readonly sequence: number },
  { spec: { vm }, epoch, evidence, evenIfStopped }: StartCommand,
  /** Called when the sector may be taken, or is ours already, before anything says so. */
  beforeTaken: (sector: LeaseSector | undefined) => Promise<void>,
): Promise<Taken> {
  const sector = await storage.readLease(vm);
  if (sector !== undefined) {
    if (sector.epoch > epoch)
      return refuse('SUPERSEDED', `${sector.node} has it since epoch ${sector.epoch}`, sector.node);
    if (sector.status === 'stopped' && !evenIfStopped) {
      return refuse('STOPPED_BY_WISH', `it was stopped on its own wish in epoch ${sector.epoch}`);
    }
    if (sector.status === 'held' && sector.node !== self.node) {
      const slot = (await storage.readSlots()).find(({ node }) => node === sector.node);
      const proofs = evidence.filter(({ node }) => node === sector.node);
      const failures = proofs.map((proof) => whyEvidenceFails(proof, sector, slot));
      if (!failures.includes(undefined)) {
        const why = failures.at(-1) ?? whyEvidenceFails(undefined, sector, slot);
        return refuse('EVIDENCE_VOID', why ?? 'no evidence', sector.node);
      }
    }
  }
  await beforeTaken(sector);
  const next: LeaseSector = { vm, epoch, generation: (sector?.generation ?? 0) + 1, status: 'held', ...self };
  const won = await changeLease(storage, sector, next);
  return won ? { ok: true, sector: next } : refuse('RACED', 'the lease sector changed while it was being taken');
}
