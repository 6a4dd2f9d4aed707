import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { siblingProgram } from '../setup/sibling-program.ts';
import { nodePidFile } from './clean-up.ts';
import type { LabFolder } from './lab-folder.ts';
import type { LabGuests } from './lab-guests.ts';
import { type BoxKind, type NodeBox, startNodeBox } from './node-box.ts';
import type { NodeConfig } from './node-config.ts';
import { libvirtFolder } from './node-libvirt.ts';

export interface NodeBootOptions {
  readonly folder: LabFolder;
  readonly box: BoxKind;
  readonly libvirtd: LabGuests['libvirtd'];
  /** The agent's program; gets the path of its `NodeConfig` as its argument. */
  readonly agent: string;
  readonly config: (node: string) => NodeConfig;
}

/** Boots a node: an empty run folder, as after any boot, then its first program. */
export async function bootNode(options: NodeBootOptions, node: string): Promise<NodeBox> {
  const folder = options.folder.node(node);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  // What libvirt knows of running QEMUs is on a tmpfs of a real host.
  rmSync(join(libvirtFolder(folder), 'run'), { recursive: true, force: true });
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify(options.config(node)), { mode: 0o600 });
  return await startNodeBox({
    kind: options.box,
    folder,
    pidFile: nodePidFile(options.folder, node),
    command: [process.execPath, siblingProgram(import.meta.filename, 'node-init'), options.agent, config],
    env: {
      ...(options.libvirtd === undefined ? {} : { UNDERSTUDY_LIBVIRTD: options.libvirtd }),
      UV_THREADPOOL_SIZE: '16', // libvirt's calls wait in it, and must not hold up the storage heartbeat's
    },
  });
}
