import type { NodeId } from '#machines';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimHost } from './host.ts';
import type { SimNetwork } from './network.ts';

export interface MembersOptions {
  readonly time: VirtualTime;
  readonly network: SimNetwork;
  readonly hosts: readonly SimHost[];
  readonly random: SeededRandom;
  /** How long an election takes, at least and at most, ms. */
  readonly electionMs: readonly [number, number];
  /** True: any member passes a client's request on to the leader (messaging). False: the client must reach the leader. */
  readonly routed: boolean;
}

/**
 * The servers of one service on some hosts. One of them leads as long as it reaches a majority of all; when it cannot,
 * an election takes its time, and until it ended nothing is answered. A minority serves nobody.
 */
export class SimMembers {
  readonly #options: MembersOptions;
  readonly #stopped = new Set<NodeId>();
  #leader: SimHost | undefined;
  #electionEndsAt: number | undefined;
  #term = 1;
  /** The whole service is down. */
  down = false;

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#leader = options.hosts[0];
  }

  /** Grows with every election: what a former leader had under way is void. */
  get term(): number {
    this.#settleLeadership();
    return this.#term;
  }

  /** The server process on that host ends, or comes back. */
  setStopped(node: NodeId, isStopped: boolean): void {
    if (isStopped) this.#stopped.add(node);
    else this.#stopped.delete(node);
  }

  /** The leader steps down: nobody leads until an election ended. */
  dethrone(): void {
    this.#settleLeadership();
    if (this.#leader !== undefined) this.#beginElection();
  }

  get leader(): SimHost | undefined {
    this.#settleLeadership();
    return this.#leader;
  }

  /** A client on that host gets answers at this instant. */
  serves(host: SimHost): boolean {
    const { leader } = this;
    return leader !== undefined && this.#reaches(host, leader);
  }

  /**
   * The same for those who only watch: `serves` finds out that a leader is gone, and when depends on who asks first. Here an
   * election that nobody asked about has not ended.
   */
  isServing(host: SimHost): boolean {
    const leader = this.#leader;
    return leader !== undefined && this.#canLead(leader) && this.#reaches(host, leader);
  }

  #reaches(host: SimHost, leader: SimHost): boolean {
    const { network, hosts, routed } = this.#options;
    if (network.connected(host, leader)) return true;
    return (
      routed && hosts.some((via) => this.#isUp(via) && network.connected(host, via) && network.connected(via, leader))
    );
  }

  /** A server that passes unstored messages on between the two; needs no leader. */
  connects(from: SimHost, to: SimHost): boolean {
    const { network, hosts } = this.#options;
    // Asked twice for each message there is, and nearly always the first will do.
    for (const via of hosts) if (this.#isUp(via) && network.passes(from, via) && network.passes(via, to)) return true;
    return !this.down && this.#connectsOverTwo(from, to);
  }

  #connectsOverTwo(from: SimHost, to: SimHost): boolean {
    const { network, hosts } = this.#options;
    for (const entry of hosts) {
      if (!this.#isUp(entry) || !network.passes(from, entry)) continue;
      for (const exit of hosts) {
        if (this.#isUp(exit) && network.passes(exit, to) && network.passes(entry, exit)) return true;
      }
    }
    return false;
  }

  #isUp(host: SimHost): boolean {
    return !this.down && host.alive && host.booted && !this.#stopped.has(host.name);
  }

  #canLead(host: SimHost): boolean {
    const { hosts, network } = this.#options;
    if (!this.#isUp(host)) return false;
    let votes = 1; // its own
    for (const other of hosts) {
      if (votes * 2 > hosts.length) return true;
      if (other !== host && this.#isUp(other) && network.connected(host, other)) votes += 1;
    }
    return votes * 2 > hosts.length;
  }

  #settleLeadership(): void {
    const { time, hosts } = this.#options;
    if (this.#leader !== undefined) {
      if (this.#canLead(this.#leader)) return;
      this.#beginElection();
    }
    if (!hosts.some((host) => this.#canLead(host))) {
      this.#electionEndsAt = undefined;
      return;
    }
    this.#electionEndsAt ??= time.now + this.#electionMs();
    if (time.now < this.#electionEndsAt) return;
    this.#leader = this.#options.random.pick(hosts.filter((host) => this.#canLead(host)));
    this.#electionEndsAt = undefined;
  }

  #beginElection(): void {
    this.#leader = undefined;
    this.#term += 1;
    this.#electionEndsAt = this.#options.time.now + this.#electionMs();
  }

  #electionMs(): number {
    return this.#options.random.between(...this.#options.electionMs);
  }
}
