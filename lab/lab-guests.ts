import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureGuest, type Guest } from '../setup/guest.ts';
import { ensureHypervisor } from '../setup/hypervisor.ts';
import type { LabFolder } from './lab-folder.ts';
import { shareFile } from './lab-services.ts';
import type { NodeConfig } from './node-config.ts';

export interface LabGuests {
  /** What the nodes boot; null: simulated guests. */
  readonly guest: NodeConfig['guest'];
  /** Path of the daemon that each node runs; undefined with simulated guests. */
  readonly libvirtd?: string;
  /** What the VMs are here, in words. */
  readonly description: string;
}

/**
 * Finds out what the VMs of this lab are: tiny real guests in QEMU under libvirt, or, where that cannot be had, simulated
 * ones, and then says why. The services of `folder` must have been started.
 */
export async function labGuests(folder: LabFolder, log: (line: string) => void): Promise<LabGuests> {
  const found = await ensureHypervisor(log);
  if (found.kind === 'none') return simulated(found.why);
  let made: Guest;
  try {
    made = await ensureGuest(found, log);
  } catch (error) {
    return simulated(error instanceof Error ? error.message : String(error));
  }
  const { kernel, initrd, accelerator } = made;
  const guest = {
    qemu: process.getuid?.() === 0 ? found.qemu : await politeQemu(folder, found.qemu),
    kernel: await shareFile(folder, 'kernel', kernel),
    initrd: await shareFile(folder, 'initrd', initrd),
    accelerator,
  };
  const description = `tiny real guests in QEMU (${accelerator === 'kvm' ? 'KVM' : 'TCG, KVM does not work here'})`;
  return { guest, libvirtd: found.libvirtd, description };
}

/** Guests that boot in emulation take all the cores there are. Only root can put agents above them, so they step back. */
async function politeQemu(folder: LabFolder, qemu: string): Promise<string> {
  const path = join(folder.shared, 'qemu');
  await writeFile(path, `#!/bin/sh\necho 10 >/proc/self/autogroup 2>/dev/null\nexec nice -n 10 ${qemu} "$@"\n`, {
    mode: 0o755,
  });
  return path;
}

function simulated(why: string): LabGuests {
  return { guest: null, description: `SIMULATED guests: plain processes, no virtual machines (${why})` };
}
