import { dirname, join } from 'node:path';
import type { Hypervisor } from '#ports';
import { directKernelDomain, LibvirtHypervisor } from '../node-agent/libvirt/mod.ts';
import { SimulatedGuests } from '../node-agent/simulated-guests/mod.ts';
import type { NodeConfig } from './node-config.ts';
import { libvirtFolder, libvirtUri } from './node-libvirt.ts';

/** What a guest really gets here, whatever its document counts for placement: many of them share one machine. */
const TINY = { cpus: 1, memoryMiB: 96 };

/**
 * The hypervisor of a lab node. QEMU's own lock on the disk is off: nothing but the lease protocol keeps two copies
 * apart, so that the guests' records prove it.
 */
export async function nodeHypervisor(config: NodeConfig, uri: string | undefined): Promise<Hypervisor> {
  const { node, guest, consoles } = config;
  if (guest === null)
    return new SimulatedGuests(join(consoles, 'guests'), node, (other) => join(dirname(consoles), other, 'guests'));
  if (uri === undefined) throw new Error('node-init did not say where libvirt listens');
  const consoleFolder = libvirtFolder(consoles); // the daemon's user may write there
  const domain = directKernelDomain({ ...guest, node, diskLock: false, consoleFolder });
  const peers = { oneMachine: true, uriOf: (other: string) => libvirtUri(join(dirname(consoles), other)) };
  return await LibvirtHypervisor.connect(uri, (spec, epoch) => domain({ ...spec, ...TINY }, epoch), peers);
}
