import type { Bus } from '#actors';
import {
  type DownEvidence,
  type FenceAnswer,
  type Judgement,
  type NodeId,
  nodeId,
  type StartResult,
  type VmId,
} from '#machines';
import { type Database, type Fence, HypervisorError } from '#ports';
import { agentSubject } from './agent-server.ts';
import { type AgentCommand, type AgentReply, agentReplySchema } from './commands.ts';
import { readInventory } from './inventory.ts';
import type { NodeLogEntry } from './node-process-options.ts';
import { changeVm, listVms, moveLease, readVm } from './vm-records.ts';

/** A start may take so long that only a late answer is definite; then the same node is asked again. */
const START_TIMEOUT_MS = 30_000;
/** How long a guest may take to shut down at a user's stop. */
const STOP_GRACE_MS = 30_000;

export interface EffectPorts {
  readonly database: Database;
  readonly bus: Bus;
  readonly fences: readonly Fence[];
  readonly judgements: () => ReadonlyMap<NodeId, Judgement>;
  readonly note: (entry: Omit<NodeLogEntry, 'atMs' | 'node'>) => void;
}

async function ask(bus: Bus, node: NodeId, command: AgentCommand, timeoutMs: number): Promise<AgentReply> {
  return agentReplySchema.parse(await bus.request(agentSubject(node), command, timeoutMs));
}

/** What the machines' invoked effects do, by kind. Inputs come from the machines; answers come back as events. */
export function effectsOf({ database, bus, fences, judgements, note }: EffectPorts) {
  const noteEffect = async (entry: Omit<NodeLogEntry, 'atMs' | 'node'>) => note(entry);
  return {
    vm: {
      note: noteEffect,
      loadVm: async ({ vm }: { vm: VmId }) => (await readVm(database, vm)) ?? null,
      setRecorded: async (input: { vm: VmId; recorded?: 'running' | 'stopped'; actual?: string }) => {
        await changeVm(database, input.vm, (document) => {
          const recorded = input.recorded ?? document.recorded;
          const { actual: _, ...rest } = document;
          return { ...rest, recorded, ...(input.actual === undefined ? {} : { actual: input.actual }) };
        });
        return null;
      },
      stopVm: async ({ vm }: { vm: VmId }) => {
        const lease = (await readVm(database, vm))?.lease;
        if (lease) {
          const command = { do: 'stop' as const, vm, epoch: lease.epoch, graceMs: STOP_GRACE_MS };
          const reply = await ask(bus, lease.node, command, STOP_GRACE_MS * 2);
          if (!reply.ok) throw new HypervisorError(`${lease.node} did not stop ${vm}: ${reply.why}`);
        }
        await changeVm(database, vm, (document) => ({ ...document, recorded: 'stopped' }));
        return null;
      },
    },
    job: {
      moveLease: async (input: { vm: VmId; expectedEpoch: number; node: NodeId }) => {
        const result = await moveLease(database, input);
        if (result.ok) note({ what: 'plan', vm: input.vm, about: input.node, why: `leased for epoch ${result.epoch}` });
        else note({ what: 'refuse', vm: input.vm, why: result.why });
        return result;
      },
      startOn: async (input: {
        node: NodeId;
        vm: VmId;
        epoch: number;
        evidence: readonly DownEvidence[];
        evenIfStopped: boolean;
      }): Promise<StartResult> => {
        const document = await readVm(database, input.vm);
        if (document === undefined) {
          return { ok: false, code: 'NO_SUCH_VM', why: `there is no VM ${input.vm}`, definite: true };
        }
        const { epoch, evenIfStopped } = input;
        // Copied: a command's lists are mutable to its schema.
        const evidence = input.evidence.map((proof) =>
          proof.kind === 'bound' ? { ...proof, observers: [...proof.observers] } : proof,
        );
        const command: AgentCommand = { do: 'start', spec: document.spec, epoch, evidence, evenIfStopped };
        return ask(bus, input.node, command, START_TIMEOUT_MS);
      },
    },
    node: {
      note: noteEffect,
      fence: async ({ node, incarnation }: { node: string; incarnation: number }): Promise<FenceAnswer> => {
        const failures: string[] = [];
        for (const fence of fences) {
          note({ what: 'fence', about: node, why: `by ${fence.name}` });
          const result = await fence.fence(nodeId(node), incarnation);
          if (result.outcome === 'confirmed') {
            note({ what: 'fence-confirmed', about: node, why: `by ${result.by}` });
            return result;
          }
          failures.push(`${result.by}: ${result.why}`);
        }
        return { outcome: 'failed', why: failures.join('; ') || 'no fence is configured' };
      },
      listProtected: async ({ node }: { node: string }) =>
        (await listVms(database))
          .filter(({ ha, recorded, lease }) => ha && recorded === 'running' && lease?.node === node)
          .map(({ spec }) => spec.vm),
    },
    cluster: { inventory: async () => readInventory(database, judgements()) },
  };
}
