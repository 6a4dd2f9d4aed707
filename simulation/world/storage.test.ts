import { nodeId } from '#machines';
import { sharedStorageContract } from '../../node-agent/shared-storage-contract.ts';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { SimHost } from './host.ts';
import { SimStorageTarget } from './storage.ts';

sharedStorageContract('simulated', async () => {
  const time = new VirtualTime();
  const random = new SeededRandom('storage contract');
  const target = new SimStorageTarget(time, random, { leaseWritten: () => {}, slotWritten: () => {} });
  const open = (name: string) => {
    const host = new SimHost(nodeId(name), time);
    host.powerOn();
    return target.open(host.startProcess());
  };
  const drive = async <Result>(work: Promise<Result>): Promise<Result> => {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    while (!ended) await time.run(time.now + 10, () => {});
    return await work;
  };
  return { first: open('n1'), second: open('n2'), drive, stop: async () => {} };
});
