import type { VmId } from '#machines';
import { HypervisorError, type VmCopy } from '#ports';
import type { SimCopy, SimHost } from './host.ts';

/** As soon as a start is taken the VM is listed, off until it runs. */
export function define(host: SimHost, vm: VmId, epoch: number): void {
  if (!host.copies.has(vm)) host.copies.set(vm, { vm, epoch, state: 'off', reason: undefined, guest: 'booting' });
}

/** Throws `HypervisorError`. */
export function find(host: SimHost, vm: VmId): SimCopy {
  const copy = host.copies.get(vm);
  if (copy === undefined) throw new HypervisorError(`${host.name} has no copy of ${vm}`);
  return copy;
}

/** One that stands for a migration looks as if it ran: the driver says so of whatever may run at any moment. */
export function face(copy: SimCopy): VmCopy {
  const { vm, epoch, reason } = copy;
  const state = copy.job !== undefined && copy.state === 'suspended' ? 'running' : copy.state;
  return reason === undefined ? { vm, epoch, state } : { vm, epoch, state, reason };
}
