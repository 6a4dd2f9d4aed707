import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { agentHeldFile } from './agent-held.ts';
import type { AgentLinks } from './agent-links.ts';
import { isAgent } from './agent-process.ts';
import { LabError } from './lab-error.ts';
import type { LabFolder } from './lab-folder.ts';
import { nodeMembers } from './node-members.ts';
import type { NodePower } from './node-power.ts';
import { type ProcessIdentity, signalProcess } from './process-identity.ts';
import type { KeptServer, ServerKeeper } from './server-keeper.ts';
import { STORAGE_CUT } from './storage-cut.ts';

/** Guests may take half a minute to shut down. */
const SHUTDOWN_MS = 60_000;

export interface LabFaultsOptions {
  readonly folder: LabFolder;
  readonly power: NodePower;
  readonly agents: AgentLinks;
  readonly keeper: ServerKeeper;
  /** Says what happens, in words. */
  readonly note: (node: string, what: string, why: string) => void;
  readonly servers: { readonly messaging: readonly KeptServer[]; readonly database: readonly KeptServer[] };
}

/** What else can go wrong in a lab, beside its power switches. Each throws `LabError` for an unknown node. */
export class LabFaults {
  readonly #options: LabFaultsOptions;

  constructor(options: LabFaultsOptions) {
    this.#options = options;
  }

  /** The host goes down in order, as by its own shutdown command. */
  async shutdownHost(node: string, reboot: boolean): Promise<void> {
    const { agents, power } = this.#options;
    await agents.ask(node, 'host-shutdown', { reboot }, SHUTDOWN_MS);
    await power.off(node);
    if (reboot) await power.on(node);
  }

  /** Every process of the host stands still for that long, its guests too. Its watchdog, which is ours, counts on. */
  async pause(node: string, seconds: number): Promise<void> {
    const stopped = new Map<number, ProcessIdentity>();
    for (;;) {
      const going = this.#members(node).filter(({ pid, start }) => stopped.get(pid)?.start !== start);
      if (going.length === 0) break; // also those that were just being started
      for (const member of going) if (signalProcess(member, 'SIGSTOP')) stopped.set(member.pid, member);
    }
    await delay(seconds * 1000);
    for (const member of stopped.values()) signalProcess(member, 'SIGCONT');
  }

  /** The agent reaches the shared storage no more. Its guests' disks stay: only the protocol keeps them from writing. */
  cutStorage(node: string): void {
    this.#options.power.isOn(node); // throws for an unknown one
    writeFileSync(join(this.#options.folder.node(node), STORAGE_CUT), '');
    const standIn = "a stand-in, its guests' disks are NOT cut: they write on until something stops them";
    this.#options.note(node, 'storage-cut', `its agent reaches the shared storage no more (${standIn})`);
  }

  mendStorage(node: string): void {
    this.#options.power.isOn(node);
    rmSync(join(this.#options.folder.node(node), STORAGE_CUT), { force: true });
    this.#options.note(node, 'storage-back', 'its agent reaches the shared storage again');
  }

  /** It stays dead until `restartAgent`, as when its service cannot be started. */
  killAgent(node: string): void {
    writeFileSync(agentHeldFile(this.#options.folder.node(node)), '');
    this.#killAgents(node);
  }

  restartAgent(node: string): void {
    rmSync(agentHeldFile(this.#options.folder.node(node)), { force: true });
    this.#killAgents(node); // node-init starts it again
  }

  /** True when these servers are the lab's own, so that it can take them down. */
  owns(which: 'messaging' | 'database'): boolean {
    return this.#options.servers[which].length > 0;
  }

  async takeDown(which: 'messaging' | 'database'): Promise<void> {
    await this.#options.keeper.keepAway(this.#options.servers[which], ({ pid }) => {
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    });
  }

  letReturn(which: 'messaging' | 'database'): void {
    this.#options.keeper.letReturn(this.#options.servers[which]);
  }

  #killAgents(node: string): void {
    for (const member of this.#members(node)) if (isAgent(member)) signalProcess(member, 'SIGKILL');
  }

  #members(node: string): ProcessIdentity[] {
    const boundary = this.#options.power.boundary(node);
    if (boundary === undefined) throw new LabError(`${node} is off`);
    return nodeMembers(boundary);
  }
}
