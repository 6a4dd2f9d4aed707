import { chmod, chown, copyFile, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeId, vmId } from '#machines';
import { ensureGuest } from '../../setup/guest.ts';
import { ensureHypervisor } from '../../setup/hypervisor.ts';
import { directKernelDomain } from './domain-xml.ts';
import { LibvirtHypervisor } from './libvirt-hypervisor.ts';
import { type SessionDaemon, startSessionDaemon } from './libvirtd.ts';

/** Two hosts on one machine: two daemons, one disk, a real guest that writes on it. */
const found = await ensureHypervisor(console.log);
const [n1, n2] = [nodeId('n1'), nodeId('n2')];
const vm = vmId('web-1');
const daemons = new Map<string, SessionDaemon>();
const hosts = new Map<string, LibvirtHypervisor>();
let folder = '';

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
  const peers = {
    oneMachine: true,
    uriOf: (node: string) => daemons.get(node)?.uri ?? 'qemu+unix:///session?socket=/no',
  };
  for (const node of [n1, n2]) {
    const daemon = await startSessionDaemon(found.libvirtd, join(folder, node));
    daemons.set(node, daemon);
    const options = { ...files, qemu: found.qemu, accelerator: guest.accelerator, node, diskLock: true };
    hosts.set(node, await LibvirtHypervisor.connect(daemon.uri, directKernelDomain(options), peers));
  }
});

afterAll(async () => {
  for (const host of hosts.values()) {
    await host.remove(vm);
    await host.close();
  }
  for (const daemon of daemons.values()) daemon.process.kill();
  if (folder !== '') await rm(folder, { recursive: true, force: true });
});

function host(node: string): LibvirtHypervisor {
  const found = hosts.get(node);
  if (found === undefined) throw new RangeError(`no host ${node}`);
  return found;
}

async function counter(): Promise<number> {
  const disk = await open(join(folder, 'disk'));
  const { buffer } = await disk.read(Buffer.alloc(1 << 20), 0, 1 << 20, 1 << 20);
  await disk.close();
  const counters = buffer.toString('latin1').matchAll(/witness [^\n]* run=(\S+) counter=(\d+) /g);
  return Math.max(0, ...[...counters].map(([, , count]) => Number(count)));
}

test.skipIf(found.kind === 'none')('a running guest migrates, waits suspended, and goes on where it was', async () => {
  await host(n1).start({ vm, cpus: 1, memoryMiB: 96, disk: join(folder, 'disk') }, 1);
  await expect.poll(counter, { timeout: 60_000 }).toBeGreaterThan(2);
  await host(n1).migrate(vm, n2, 2);
  expect(await host(n1).list()).toEqual([{ vm, epoch: 1, state: 'off', reason: 'migrated' }]);
  expect(await host(n2).list()).toEqual([{ vm, epoch: 2, state: 'suspended' }]);
  const still = await counter();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(await counter()).toBe(still);
  await host(n2).resume(vm);
  await expect.poll(counter, { timeout: 20_000 }).toBeGreaterThan(still);
  expect(await host(n2).list()).toEqual([{ vm, epoch: 2, state: 'running' }]);
  await host(n2).suspend(vm);
  await host(n2).destroy(vm);
  expect(await host(n2).list()).toMatchObject([{ epoch: 2, state: 'off' }]);
});

test.skipIf(found.kind === 'none')('a migration to a host that is not there fails, and the guest runs on', async () => {
  await host(n1).start({ vm, cpus: 1, memoryMiB: 96, disk: join(folder, 'disk') }, 3);
  await expect(host(n1).migrate(vm, nodeId('n9'), 4)).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
  expect(await host(n1).list()).toEqual([{ vm, epoch: 3, state: 'running' }]);
});
