import { nodeId, vmId } from '#machines';
import { hypervisorContract } from '../../node-agent/hypervisor-contract.ts';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { SimHost } from './host.ts';
import { SimHypervisors } from './hypervisor.ts';

hypervisorContract('simulated', async () => {
  const time = new VirtualTime();
  const hosts = new Map(['n1', 'n2'].map((name) => [name, new SimHost(nodeId(name), time)]));
  const hypervisors = new SimHypervisors({
    ...{ time, random: new SeededRandom('hypervisor contract'), diskReachable: () => true, changed: () => {} },
    peer: (_, to) => hosts.get(to),
  });
  const open = (name: string) => {
    const host = hosts.get(name);
    if (host === undefined) throw new RangeError(name);
    host.powerOn();
    return hypervisors.open(host.startProcess());
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
  const spec = { vm: vmId('web-1'), cpus: 1, memoryMiB: 64, disk: 'd' };
  return { n1: open('n1'), n2: open('n2'), spec, drive, stop: async () => {} };
});
