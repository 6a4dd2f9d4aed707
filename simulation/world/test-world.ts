import { nodeId } from '#machines';
import { SeededRandom } from '../seeded-random.ts';
import { VirtualTime } from '../virtual-time.ts';
import { SimHost } from './host.ts';
import { HostClock } from './host-clock.ts';
import { SimMembers } from './members.ts';
import { SimNetwork } from './network.ts';

/** For tests of one part of the world: hosts that are up, on a perfect network. */
export function testWorld(names: readonly string[], rates: readonly number[] = []) {
  const time = new VirtualTime();
  const random = new SeededRandom('test world');
  const hosts = names.map((name, i) => {
    const host = new SimHost(nodeId(name), time, new HostClock(time, 1000, rates[i] ?? 1));
    host.powerOn();
    host.booted = true;
    return host;
  });
  const network = new SimNetwork({ delayMs: 1, jitterMs: 0, lossPercent: 0, duplicatePercent: 0 }, random);
  const members = (routed: boolean) =>
    new SimMembers({ time, network, hosts: hosts.slice(0, 3), random, electionMs: [1000, 2000], routed });
  const host = (name: string): SimHost => {
    const found = hosts.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  };
  /** Lets time pass until `work` is settled, at most for a minute. */
  const drive = async <Result>(work: Promise<Result>): Promise<Result> => {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    for (const untilMs = time.now + 60_000; !ended && time.now < untilMs; ) await time.run(time.now + 10, () => {});
    if (!ended) throw new Error('nothing came back within a minute');
    return await work;
  };
  return {
    time,
    random,
    hosts,
    host,
    network,
    members,
    drive,
    pass: (ms: number) => time.run(time.now + ms, () => {}),
  };
}
