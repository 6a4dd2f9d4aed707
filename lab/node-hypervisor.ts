import { join } from 'node:path';
import type { Hypervisor } from '#ports';
import { directKernelDomain, LibvirtHypervisor } from '../node-agent/libvirt/mod.ts';
import { SimulatedGuests } from '../node-agent/simulated-guests/mod.ts';
import type { NodeConfig } from './node-config.ts';

/** What a guest really gets here, whatever its document counts for placement: many of them share one machine. */
const TINY = { cpus: 1, memoryMiB: 96 };

/**
 * The hypervisor of a lab node. QEMU's own lock on the disk is off: nothing but the lease protocol keeps two copies
 * apart, so that the guests' records prove it.
 */
export async function nodeHypervisor(config: NodeConfig, libvirtUri: string | undefined): Promise<Hypervisor> {
  const { node, guest, consoles } = config;
  // Nodes of one lab differ in their folders only: what is here for this node is there for another.
  const ofPeer = (path: string, peer: string) => path.replace(`/nodes/${node}/`, `/nodes/${peer}/`);
  if (guest === null) {
    const folder = join(consoles, 'guests');
    return new SimulatedGuests(folder, node, (peer) => ofPeer(folder, peer));
  }
  if (libvirtUri === undefined) throw new Error('node-init did not say where libvirt listens');
  const consoleFolder = join(consoles, 'lv'); // the daemon's user may write there
  const domain = directKernelDomain({ ...guest, node, diskLock: false, consoleFolder });
  return await LibvirtHypervisor.connect(libvirtUri, (spec, epoch) => domain({ ...spec, ...TINY }, epoch), {
    oneMachine: true,
    uriOf: (peer) => ofPeer(libvirtUri, peer),
  });
}
