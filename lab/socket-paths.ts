import { join } from 'node:path';
import { LabError } from './lab-error.ts';
import type { LabFolder } from './lab-folder.ts';
import { libvirtFolder } from './node-libvirt.ts';

/** Of a plan. */
interface Named {
  readonly nodes: readonly { readonly name: string }[];
  readonly vms: readonly { readonly id: string }[];
}

/** What the system allows. */
const SOCKET_BYTES = 107;
/** What libvirt takes of a VM's name into the name of its folder. */
const NAME_CHARACTERS = 20;

/** Refuses a folder below which a socket's path would be too long: the monitor of a QEMU is the deepest. Throws `LabError`. */
export function refuseLongPaths(folder: LabFolder, { nodes, vms }: Named): void {
  const node = longest(nodes.map(({ name }) => name));
  const vm = longest(vms.map(({ id }) => id)).slice(0, NAME_CHARACTERS);
  const monitor = join(libvirtFolder(folder.node(node)), `config/libvirt/qemu/lib/domain-10-${vm}/monitor.sock`);
  const over = Buffer.byteLength(monitor) - SOCKET_BYTES;
  if (over <= 0) return;
  throw new LabError(
    `${folder.root} is too long for the sockets below it (bytes to save: ${over}): name a shorter folder in UNDERSTUDY_LAB`,
  );
}

function longest(names: readonly string[]): string {
  return names.reduce((a, b) => (b.length > a.length ? b : a), '');
}
