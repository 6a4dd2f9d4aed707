import { join } from 'node:path';

/** Where a node's libvirt daemon keeps everything, below the node's folder; short, as it puts sockets there. */
export function libvirtFolder(nodeFolder: string): string {
  return join(nodeFolder, 'lv');
}

/** How other nodes of the lab reach that daemon. */
export function libvirtUri(nodeFolder: string): string {
  return `qemu+unix:///session?socket=${libvirtFolder(nodeFolder)}/run/libvirt/libvirt-sock`;
}
