import type { VmId } from '#machines';
import { nameOf, recordOf, vmOfEvent, type Watch, type Watcher } from './watcher.ts';

/** One that was protected so lately may be brought back still: its actor hears of it late, and tries for eleven minutes. */
const LATE_SECONDS = 900;
/** A wish may be on its way to the VM's actor when that says that it runs. */
const ON_ITS_WAY_SECONDS = 60;

/**
 * Who is not protected is not brought back: it is started only by a user, or when it was lost by a move, which HA or a user
 * began. A wish is good until its VM is known to run.
 */
export function unprotectedStaysDown({ nowSeconds, violate }: Watch): Watcher {
  const unprotectedSince = new Map<VmId, number>();
  /** Since when somebody wants it to run, or moves it. */
  const wished = new Map<VmId, number>();
  return {
    happens: (event) => {
      const vm = vmOfEvent(event);
      if (vm !== undefined && (event.do === 'start' || event.do === 'add')) wished.set(vm, nowSeconds());
    },
    documentChanged: (collection, id, before, after) => {
      if (collection !== 'vms') return;
      const vm = id as VmId; // the id of a VM's document
      if (after?.ha !== false) unprotectedSince.delete(vm);
      // It never was anything else.
      else if (before === undefined) unprotectedSince.set(vm, Number.NEGATIVE_INFINITY);
      else if (!unprotectedSince.has(vm)) unprotectedSince.set(vm, nowSeconds());
    },
    committed: (entry) => {
      if (!entry.address.startsWith('vm/')) return;
      const vm = entry.address.slice('vm/'.length) as VmId; // by its kind
      const { snapshot, cause } = recordOf(entry);
      const state = nameOf(snapshot.value);
      if (state === 'moving') wished.set(vm, nowSeconds());
      if (state !== 'running.active' && state !== 'running.off') return;
      const isOld = nowSeconds() - (wished.get(vm) ?? 0) > ON_ITS_WAY_SECONDS;
      if (isOld || cause.event.type === 'jobDone') wished.delete(vm);
    },
    copyChanged: (host, { vm, state }, before) => {
      // At the beginning all run that should.
      if (state !== 'running' || before !== 'off' || nowSeconds() === 0 || wished.has(vm)) return;
      const since = unprotectedSince.get(vm);
      if (since === undefined || nowSeconds() - since < LATE_SECONDS) return;
      violate('who is not protected is not brought back', `${vm} was started on ${host.name}, and no user wished that`);
    },
  };
}
