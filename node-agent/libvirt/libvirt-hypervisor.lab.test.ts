import { chmod, chown, copyFile, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { vmId } from '#machines';
import type { VmCopy } from '#ports';
import { ensureGuest } from '../../setup/guest.ts';
import { ensureHypervisor } from '../../setup/hypervisor.ts';
import { directKernelDomain } from './domain-xml.ts';
import { LibvirtHypervisor } from './libvirt-hypervisor.ts';
import { qemuPidFolder, type SessionDaemon, startSessionDaemon } from './libvirtd.ts';

const found = await ensureHypervisor(console.log);
const vm = vmId('web-1');
let folder = '';
let daemon: SessionDaemon;
let host: LibvirtHypervisor;
const seen: VmCopy[] = [];

beforeAll(async () => {
  if (found.kind === 'none') return;
  folder = await mkdtemp(join(tmpdir(), 'us-'));
  await chmod(folder, 0o755);
  const guest = await ensureGuest(found, console.log);
  const files = { kernel: join(folder, 'vmlinuz'), initrd: join(folder, 'initrd') };
  await copyFile(guest.kernel, files.kernel);
  await copyFile(guest.initrd, files.initrd);
  await writeFile(join(folder, 'disk'), '');
  await truncate(join(folder, 'disk'), 64 << 20);
  if (process.getuid?.() === 0) await chown(join(folder, 'disk'), 65534, 65534);
  const home = join(folder, 'n1');
  daemon = await startSessionDaemon(found.libvirtd, home);
  const template = directKernelDomain({
    ...files,
    qemu: found.qemu,
    accelerator: guest.accelerator,
    node: 'n1',
    diskLock: true,
    consoleFolder: home,
  });
  host = await LibvirtHypervisor.connect(daemon.uri, template);
  host.subscribe((copy) => seen.push(copy));
});

afterAll(async () => {
  if (found.kind === 'none') return;
  await host.remove(vm);
  await host.close();
  daemon.process.kill();
  await rm(folder, { recursive: true, force: true });
});

const state = async () => (await host.list()).map(({ epoch, state, reason }) => [epoch, state, reason]);
const spec = () => ({ vm, cpus: 1, memoryMiB: 96, disk: join(folder, 'disk') });
const console_ = async () => await readFile(join(folder, 'n1/web-1.console'), 'latin1');
const lastSeen = () => seen.at(-1);

test.skipIf(found.kind === 'none')('a guest boots, writes, is suspended and resumed', async () => {
  expect(await host.list()).toEqual([]);
  await host.start(spec(), 1);
  await host.start(spec(), 1);
  expect(await state()).toEqual([[1, 'running', undefined]]);
  await expect.poll(console_, { timeout: 30_000 }).toContain('web-1 epoch 1 on n1 is up');
  await expect.poll(() => witness(1), { timeout: 10_000 }).toContain('counter=3 ');
  await host.suspend(vm);
  await host.suspend(vm);
  expect(await state()).toEqual([[1, 'suspended', undefined]]);
  const still = await witness(1);
  await host.resume(vm);
  expect(await state()).toEqual([[1, 'running', undefined]]);
  await expect.poll(() => witness(1)).not.toEqual(still);
});

test.skipIf(found.kind === 'none')(
  'a killed QEMU is told as crashed, and starts again under the next epoch',
  async () => {
    const pid = await readFile(join(qemuPidFolder(join(folder, 'n1')), 'web-1.pid'), 'utf8');
    process.kill(Number(pid), 'SIGKILL');
    await expect
      .poll(lastSeen, { timeout: 10_000, interval: 10 })
      .toMatchObject({ vm, epoch: 1, state: 'off', reason: 'crashed' });
    await host.start(spec(), 2);
    await expect.poll(() => witness(2), { timeout: 30_000 }).toMatch(/epoch=2 .* seen=1:\d+,/);
  },
);

test.skipIf(found.kind === 'none')('a guest that obeys the power button is told as its own shutdown', async () => {
  await host.shutdown(vm);
  await expect.poll(lastSeen, { timeout: 30_000 }).toMatchObject({ epoch: 2, state: 'off', reason: 'guest-shutdown' });
  await expect(host.resume(vm)).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
});

test.skipIf(found.kind === 'none')('guests outlive a killed daemon, and are found again by the next', async () => {
  await host.start(spec(), 3);
  daemon.process.kill('SIGKILL');
  if (found.kind === 'libvirt') daemon = await startSessionDaemon(found.libvirtd, join(folder, 'n1'));
  expect(await state()).toEqual([[3, 'running', undefined]]);
  await host.suspend(vm);
  await expect.poll(lastSeen).toMatchObject({ epoch: 3, state: 'suspended' });
});

test.skipIf(found.kind === 'none')('forced off and removed, also twice', async () => {
  await host.start(spec(), 3);
  await host.destroy(vm);
  await host.destroy(vm);
  expect(await state()).toEqual([[3, 'off', 'destroyed']]);
  const starting = host.start(spec(), 5).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await host.destroy(vm);
  await starting;
  expect(await host.list()).toMatchObject([{ state: 'off' }]);
  await host.remove(vm);
  await host.remove(vm);
  expect(await host.list()).toEqual([]);
});

/** The text an epoch's guest wrote on its disk. */
async function witness(epoch: number): Promise<string> {
  const disk = await open(join(folder, 'disk'));
  const { buffer } = await disk.read(Buffer.alloc(1 << 20), 0, 1 << 20, epoch << 20);
  await disk.close();
  return buffer.toString('latin1').replaceAll('\0', '');
}
