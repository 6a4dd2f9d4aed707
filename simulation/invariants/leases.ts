import type { Watch, Watcher } from './watcher.ts';

/** B4: whatever begins to run, started or resumed, does so under its lease. */
export function runsUnderLease({ world, violate }: Watch): Watcher {
  return {
    copyChanged: (host, copy, before) => {
      if (copy.state !== 'running' || before === 'running') return;
      const sector = world().storage.leases.get(copy.vm);
      if (sector?.status === 'held' && sector.node === host.name) return;
      const holder = sector === undefined ? 'nobody' : `${sector.node} (${sector.status}, epoch ${sector.epoch})`;
      const what = before === 'suspended' ? 'resumed' : 'started';
      violate(
        'B4: nothing runs without its lease',
        `${copy.vm} was ${what} on ${host.name}, but ${holder} has its lease`,
      );
    },
  };
}

/**
 * B4, from the other side: no lease leaves a copy that can write, whoever changes the sector, its holder or another. One on a
 * host that stands still writes nothing; when it goes on, G2 asks.
 */
export function leaseStaysWithCopy({ world, violate }: Watch): Watcher {
  return {
    leaseWritten: (before, after) => {
      if (before?.status !== 'held' || (after.status === 'held' && after.node === before.node)) return;
      const host = world().hosts.get(before.node);
      if (host === undefined || !host.alive || host.copies.get(after.vm)?.state !== 'running') return;
      violate(
        'B4: no lease leaves a running copy',
        `${after.vm} runs on ${before.node}, and its lease goes to ${after.node} (${after.status}, epoch ${after.epoch})`,
      );
    },
  };
}

/** Epochs, generations and incarnations only grow. */
export function epochsGrow({ violate }: Watch): Watcher {
  const broken = (why: string) => violate('epochs only grow', why);
  return {
    leaseWritten: (before, after) => {
      if (before === undefined) return;
      const { vm } = after;
      if (after.epoch < before.epoch)
        broken(`the lease sector of ${vm} went from epoch ${before.epoch} to ${after.epoch}`);
      if (after.generation <= before.generation) {
        broken(`the lease sector of ${vm} went from generation ${before.generation} to ${after.generation}`);
      }
    },
    slotWritten: (before, after) => {
      if (before !== undefined && after.incarnation < before.incarnation) {
        broken(`the slot of ${after.node} went from incarnation ${before.incarnation} to ${after.incarnation}`);
      }
    },
    documentChanged: (collection, id, before, after) => {
      if (collection !== 'vms' || after === undefined) return;
      const [old, now] = [epochIn(before), epochIn(after)];
      if (now < old) broken(`the database lease of ${id} went from epoch ${old} to ${now}`);
    },
  };
}

function epochIn(body: Readonly<Record<string, unknown>> | undefined): number {
  const lease = body?.lease;
  const epoch = typeof lease === 'object' && lease !== null ? Reflect.get(lease, 'epoch') : undefined;
  return typeof epoch === 'number' ? epoch : 0;
}
