import { open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { nodeId } from '#machines';
import { ensureHypervisor } from '../../setup/hypervisor.ts';
import { hypervisorContract } from '../hypervisor-contract.ts';
import { twoHosts } from './test-two-hosts.ts';

const found = await ensureHypervisor(console.log);

if (found.kind === 'libvirt') hypervisorContract('libvirt', () => twoHosts(found));

async function counter(disk: string): Promise<number> {
  const file = await open(disk);
  const { buffer } = await file.read(Buffer.alloc(1 << 20), 0, 1 << 20, 1 << 20);
  await file.close();
  const counters = buffer.toString('latin1').matchAll(/witness [^\n]* run=\S+ counter=(\d+) /g);
  return Math.max(0, ...[...counters].map(([, count]) => Number(count)));
}

test.skipIf(found.kind === 'none')(
  'a guest that migrates writes nothing while it waits, and goes on where it was',
  async () => {
    if (found.kind === 'none') return;
    const { n1, n2, spec, stop } = await twoHosts(found);
    try {
      await n1.start(spec, 1);
      await expect.poll(() => counter(spec.disk), { timeout: 60_000 }).toBeGreaterThan(2);
      await expect(n1.migrate(spec.vm, nodeId('n9'), 2)).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
      expect(await n1.list()).toMatchObject([{ epoch: 1, state: 'running' }]);
      // Suspended while it migrates, it is not held still: when the migration is aborted libvirt lets it run again.
      const aborted = n1.migrate(spec.vm, nodeId('n2'), 2);
      const failed = expect(aborted).rejects.toMatchObject({ code: 'HYPERVISOR_ERROR' });
      await new Promise((resolve) => setTimeout(resolve, 50));
      await n1.suspend(spec.vm);
      expect(await n1.list()).toMatchObject([{ epoch: 1, state: 'running' }]);
      await n1.settle(spec.vm);
      await failed;
      expect([await n1.list(), await n2.list()]).toMatchObject([[{ epoch: 1, state: 'running' }], []]);
      await n1.migrate(spec.vm, nodeId('n2'), 2);
      const still = await counter(spec.disk);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      expect(await counter(spec.disk)).toBe(still);
      await n2.resume(spec.vm);
      await expect.poll(() => counter(spec.disk), { timeout: 20_000 }).toBeGreaterThan(still);
    } finally {
      await stop();
    }
  },
);
