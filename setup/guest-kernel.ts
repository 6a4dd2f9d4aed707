import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedFolder } from './cache.ts';
import { command, findProgram } from './command.ts';
import { rootPrefix } from './root-prefix.ts';

/** An unpacked (not installed) Linux kernel: `image` is bootable by QEMU, `modules` are .ko files in loading order. */
export interface GuestKernel {
  readonly image: string;
  readonly modules: readonly { readonly name: string; readonly data: Buffer }[];
}

/** Each needs those before it. The last two make the ACPI power button known to the guest's acpid. */
const MODULES = [
  'virtio/virtio_ring',
  'virtio/virtio',
  'virtio/virtio_pci_legacy_dev',
  'virtio/virtio_pci_modern_dev',
  'virtio/virtio_pci',
  'block/virtio_blk',
  'acpi/button',
  'input/evdev',
];

/** Debian's cloud kernel, fetched and unpacked once into the cache. Throws `CommandFailed` when it cannot be had. */
export async function ensureGuestKernel(log: (line: string) => void): Promise<GuestKernel> {
  const folder = await cachedFolder('guest-kernel-1', async (draft) => {
    const name = (await kernelPackage()) ?? (await kernelPackageAfterUpdate(log));
    if (name === undefined) throw new Error('no linux-image-cloud-amd64 in the package sources of this machine');
    log(`fetching ${name} from this machine's Debian package sources (unpacked into the cache, not installed)`);
    await command('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', 'download', name], { cwd: draft });
    const file = (await readdir(draft)).find((entry) => entry.endsWith('.deb'));
    if (file === undefined) throw new Error(`apt-get download ${name} left no package`);
    const tree = join(draft, 'tree');
    await command('dpkg-deb', ['-x', join(draft, file), tree]);
    await keepWhatIsNeeded(tree, draft);
    await rm(tree, { recursive: true });
    await rm(join(draft, file));
  });
  const modules = MODULES.map((path) => path.replace(/.*\//, ''));
  return {
    image: join(folder, 'vmlinuz'),
    modules: await Promise.all(
      modules.map(async (name) => ({ name, data: await readFile(join(folder, `${name}.ko`)) })),
    ),
  };
}

/** busybox, which the guest needs anyway, can do it too where there is no xz. */
async function unpackXz(file: string): Promise<void> {
  const xz = await findProgram('xz');
  if (xz === undefined) await command('busybox', ['unxz', file]);
  else await command(xz, ['--decompress', file]);
}

async function kernelPackage(): Promise<string | undefined> {
  const depends = await command('apt-cache', ['depends', 'linux-image-cloud-amd64']).catch(() => ''); // never heard of it
  return /Depends: (linux-image-\S+-cloud-amd64)$/m.exec(depends)?.[1];
}

/** Images of machines often come with the packages but without their lists. */
async function kernelPackageAfterUpdate(log: (line: string) => void): Promise<string | undefined> {
  const asRoot = await rootPrefix();
  if (asRoot === undefined) return undefined;
  log("fetching the package lists of this machine's Debian package sources (apt-get update)");
  await command('env', [...asRoot, 'apt-get', '-q', 'update']);
  return await kernelPackage();
}

/** Of 90 MB, the kernel and eight modules. Newer packages compress modules (.ko.xz) and live below /usr. */
async function keepWhatIsNeeded(tree: string, folder: string): Promise<void> {
  const all = await readdir(tree, { recursive: true });
  const image = all.find((path) => /(^|\/)boot\/vmlinuz-/.test(path));
  if (image === undefined) throw new Error('the kernel package has no boot/vmlinuz-*');
  await rename(join(tree, image), join(folder, 'vmlinuz'));
  for (const module of MODULES) {
    const path = all.find(
      (entry) => entry.endsWith(`/drivers/${module}.ko`) || entry.endsWith(`/drivers/${module}.ko.xz`),
    );
    if (path === undefined) throw new Error(`the kernel package has no module ${module}`);
    if (path.endsWith('.xz')) await unpackXz(join(tree, path));
    await rename(join(tree, path.replace(/\.xz$/, '')), join(folder, `${module.replace(/.*\//, '')}.ko`));
  }
}
