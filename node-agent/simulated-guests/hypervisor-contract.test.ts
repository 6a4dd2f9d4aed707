import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vmId } from '#machines';
import { hypervisorContract } from '../hypervisor-contract.ts';
import { SimulatedGuests } from './simulated-guests.ts';

hypervisorContract('simulated guests', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-contract-'));
  await writeFile(join(folder, 'disk'), '');
  await truncate(join(folder, 'disk'), 16 << 20);
  const open = (node: string) => new SimulatedGuests(join(folder, node), node, (peer) => join(folder, peer));
  const [n1, n2] = [open('n1'), open('n2')];
  const spec = { vm: vmId('web-1'), cpus: 1, memoryMiB: 64, disk: join(folder, 'disk') };
  return {
    ...{ n1, n2, spec },
    stop: async () => {
      for (const host of [n1, n2]) {
        await host.remove(spec.vm);
        await host.close();
      }
      await rm(folder, { recursive: true });
    },
  };
});
