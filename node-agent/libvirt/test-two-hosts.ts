import { chmod, chown, copyFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vmId } from '#machines';
import type { VmSpec } from '#ports';
import { ensureGuest } from '../../setup/guest.ts';
import type { HypervisorFound } from '../../setup/hypervisor.ts';
import { directKernelDomain } from './domain-xml.ts';
import { LibvirtHypervisor } from './libvirt-hypervisor.ts';
import { type SessionDaemon, startSessionDaemon } from './libvirtd.ts';

export interface TwoHosts {
  readonly n1: LibvirtHypervisor;
  readonly n2: LibvirtHypervisor;
  readonly spec: VmSpec;
  stop(): Promise<void>;
}

/** Two hosts on one machine: a libvirt daemon each, one disk, real guests. */
export async function twoHosts(found: HypervisorFound & { readonly kind: 'libvirt' }): Promise<TwoHosts> {
  const folder = await mkdtemp(join(tmpdir(), 'us-'));
  await chmod(folder, 0o755);
  const guest = await ensureGuest(found, console.log);
  const files = { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') };
  await copyFile(guest.kernel, files.kernel);
  await copyFile(guest.initrd, files.initrd);
  const disk = join(folder, 'disk');
  await writeFile(disk, '');
  await truncate(disk, 64 << 20);
  if (process.getuid?.() === 0) await chown(disk, 65534, 65534);
  const daemons = new Map<string, SessionDaemon>();
  const peers = {
    oneMachine: true,
    uriOf: (node: string) => daemons.get(node)?.uri ?? `qemu+unix:///session?socket=${folder}/no`,
  };
  const open = async (node: string) => {
    const daemon = await startSessionDaemon(found.libvirtd, join(folder, node));
    daemons.set(node, daemon);
    const options = { ...files, qemu: found.qemu, accelerator: guest.accelerator, node, diskLock: true };
    return await LibvirtHypervisor.connect(daemon.uri, directKernelDomain(options), peers);
  };
  const [n1, n2] = [await open('n1'), await open('n2')];
  const spec = { vm: vmId('web-1'), cpus: 1, memoryMiB: 96, disk };
  const stop = async () => {
    for (const host of [n1, n2]) {
      await host.remove(spec.vm);
      await host.close();
    }
    for (const daemon of daemons.values()) daemon.process.kill();
    await rm(folder, { recursive: true, force: true });
  };
  return { n1, n2, spec, stop };
}
