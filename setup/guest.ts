import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedFolder } from './cache.ts';
import { type CpioEntry, cpioArchive } from './cpio.ts';
import { ensureGuestKernel } from './guest-kernel.ts';
import { probeAccelerator } from './guest-probe.ts';

/** The tiny guest of the lab: files QEMU boots, and how it runs them best here. */
export interface Guest {
  readonly kernel: string;
  readonly initrd: string;
  /** `kvm` only where a guest really booted on it. */
  readonly accelerator: 'kvm' | 'tcg';
}

/**
 * Makes (or finds in the cache) the tiny guest, and probes once how it boots here. Throws when the kernel cannot be
 * had or the guest boots on neither accelerator, with the reason.
 */
export async function ensureGuest(
  programs: { readonly qemu: string; readonly busybox: string },
  log: (line: string) => void,
): Promise<Guest> {
  const kernel = await ensureGuestKernel(log);
  const busybox = await readFile(programs.busybox);
  const init = await readFile(new URL('./guest-init.sh', import.meta.url));
  const archive = cpioArchive(entries(busybox, init, kernel.modules));
  const digest = createHash('sha256').update(archive).digest('hex').slice(0, 16);
  const folder = await cachedFolder(`guest-initrd-${digest}`, async (draft) => {
    await writeFile(join(draft, 'initrd'), archive);
  });
  const files = { kernel: kernel.image, initrd: join(folder, 'initrd') };
  return { ...files, accelerator: await probeAccelerator(programs.qemu, files, log) };
}

function entries(busybox: Buffer, init: Buffer, modules: readonly { name: string; data: Buffer }[]): CpioEntry[] {
  const file = (path: string, mode: number, data: Uint8Array): CpioEntry => ({ path, kind: 'file', mode, data });
  const folders = [
    'bin',
    'dev',
    'proc',
    'sys',
    'modules',
    'etc',
    'etc/acpi',
    'etc/acpi/PWRF',
    'var',
    'var/log',
    'var/run',
  ];
  return [
    ...folders.map((path): CpioEntry => ({ path, kind: 'folder' })),
    { path: 'dev/console', kind: 'device', major: 5, minor: 1 },
    file('bin/busybox', 0o755, busybox),
    file('init', 0o755, init),
    file('etc/acpi/PWRF/00000080', 0o755, Buffer.from('#!/bin/sh\nexec poweroff -f\n')),
    file('modules/order', 0o644, Buffer.from(modules.map(({ name }) => name).join('\n'))),
    ...modules.map(({ name, data }) => file(`modules/${name}.ko`, 0o644, data)),
  ];
}
