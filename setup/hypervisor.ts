import { readdir } from 'node:fs/promises';
import { command, findProgram } from './command.ts';
import { rootPrefix } from './root-prefix.ts';

/** What the machine offers to run VMs. `why`: one line for people. */
export type HypervisorFound =
  | { readonly kind: 'libvirt'; readonly libvirtd: string; readonly qemu: string; readonly busybox: string }
  | { readonly kind: 'none'; readonly why: string };

const PACKAGES = [
  'libvirt-daemon',
  'libvirt-daemon-driver-qemu',
  'libvirt-clients',
  'qemu-system-x86',
  'qemu-utils',
  'busybox-static',
];

/**
 * Finds libvirt, QEMU and busybox, or installs Debian's packages (as root, or by `sudo` without a password). Takes
 * milliseconds when all is there. Never throws for what the machine lacks: `none` says what and why.
 */
export async function ensureHypervisor(log: (line: string) => void): Promise<HypervisorFound> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { kind: 'none', why: `libvirt guests need Linux on x86-64, this is ${process.platform} ${process.arch}` };
  }
  const present = await find();
  if (present !== undefined) return present;
  const apt = await findProgram('apt-get');
  if (apt === undefined) return { kind: 'none', why: 'libvirt and QEMU are not installed and there is no apt-get' };
  const asRoot = await rootPrefix();
  if (asRoot === undefined) {
    return { kind: 'none', why: `libvirt and QEMU are not installed; as root: apt-get install ${PACKAGES.join(' ')}` };
  }
  log(`installing from this machine's Debian package sources: ${PACKAGES.join(' ')}`);
  try {
    await install(apt, asRoot);
  } catch (error) {
    return { kind: 'none', why: `could not install libvirt and QEMU: ${String(error)}` };
  }
  return (await find()) ?? { kind: 'none', why: 'libvirt and QEMU were installed but cannot be found' };
}

async function find(): Promise<HypervisorFound | undefined> {
  const [libvirtd, qemu, busybox, driver] = await Promise.all([
    findProgram('libvirtd'),
    findProgram('qemu-system-x86_64'),
    findProgram('busybox'),
    qemuDriverPresent(),
  ]);
  if (libvirtd === undefined || qemu === undefined || busybox === undefined || !driver) return undefined;
  return { kind: 'libvirt', libvirtd, qemu, busybox };
}

/** The daemon without its QEMU driver starts, and then refuses every guest. */
async function qemuDriverPresent(): Promise<boolean> {
  for (const lib of ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib']) {
    const names = await readdir(`${lib}/libvirt/connection-driver`).catch((): string[] => []);
    if (names.includes('libvirt_driver_qemu.so')) return true;
  }
  return false;
}

async function install(apt: string, asRoot: readonly string[]): Promise<void> {
  const run = async (args: readonly string[]): Promise<void> => {
    const line = [
      ...asRoot,
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      apt,
      '-q',
      '-o',
      'DPkg::Lock::Timeout=120',
      ...args,
    ];
    await command(line[0] ?? apt, line.slice(1));
  };
  // Mends a dpkg that was interrupted half-way, by an earlier run of ours or by anybody's.
  await command(asRoot[0] ?? 'env', [
    ...asRoot.slice(1),
    ...(asRoot.length > 0 ? ['env'] : []),
    'dpkg',
    '--configure',
    '-a',
  ]);
  const args = ['install', '--yes', '--no-install-recommends', ...PACKAGES];
  await run(args).catch(async () => {
    await run(['update']); // fresh machines have no package lists yet
    await run(args);
  });
}
