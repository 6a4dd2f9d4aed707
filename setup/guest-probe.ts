import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, constants, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedFolder } from './cache.ts';

interface GuestFiles {
  readonly kernel: string;
  readonly initrd: string;
}

const BOOT_DEADLINE_MS = { kvm: 10_000, tcg: 60_000 } as const;

/**
 * `kvm` if a guest boots on it within 10 s, else `tcg` if it boots on that. A /dev/kvm that opens proves nothing: nested
 * ones often abort the guest. The answer is cached per QEMU, kernel and guest. Throws when neither boots.
 */
export async function probeAccelerator(
  qemu: string,
  files: GuestFiles,
  log: (line: string) => void,
): Promise<'kvm' | 'tcg'> {
  const { size, mtimeMs } = await stat(qemu);
  const kvmOpens = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  const facts = [qemu, size, mtimeMs, release(), kvmOpens, files.kernel, files.initrd].join(' ');
  const key = createHash('sha256').update(facts).digest('hex').slice(0, 16);
  const folder = await cachedFolder(`guest-probe-${key}`, async (draft) => {
    await writeFile(join(draft, 'accelerator'), await probed(qemu, files, kvmOpens, log));
  });
  return (await readFile(join(folder, 'accelerator'), 'utf8')) === 'kvm' ? 'kvm' : 'tcg';
}

async function probed(qemu: string, files: GuestFiles, kvmOpens: boolean, log: (line: string) => void) {
  if (kvmOpens) {
    log('booting a probe guest on KVM');
    if (await boots(qemu, files, 'kvm')) return 'kvm';
  }
  log(
    `${kvmOpens ? 'KVM does not boot a guest here' : 'no usable /dev/kvm'}: booting a probe guest in emulation (TCG)`,
  );
  if (await boots(qemu, files, 'tcg')) return 'tcg';
  throw new Error('the probe guest boots neither on KVM nor in emulation');
}

/** Boots the guest on a scratch disk, waits for its console line "is up". */
export async function boots(qemu: string, files: GuestFiles, accelerator: 'kvm' | 'tcg'): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-probe-'));
  const disk = join(folder, 'disk');
  await writeFile(disk, '');
  await truncate(disk, 16 << 20);
  const append = 'console=ttyS0 quiet panic=-1 understudy.vm=probe understudy.epoch=1 understudy.node=probe';
  const child = spawn(
    qemu,
    ['-accel', accelerator, '-m', '96', '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none']
      .concat(['-serial', 'stdio', '-kernel', files.kernel, '-initrd', files.initrd, '-append', append])
      .concat(['-drive', `file=${disk},format=raw,if=virtio`]),
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  try {
    return await new Promise<boolean>((resolve) => {
      let console = '';
      child.stdout.on('data', (chunk: Buffer) => {
        console += chunk.toString('latin1');
        if (console.includes('epoch 1 on probe is up')) resolve(true);
      });
      child.on('error', () => resolve(false));
      child.on('close', () => resolve(false));
      setTimeout(() => resolve(false), BOOT_DEADLINE_MS[accelerator]).unref();
    });
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
}
