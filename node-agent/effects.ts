import type { AnyEventObject } from 'xstate';
import { type Bus, type Clock, type EffectScope, RetryableError, sleep } from '#actors';
import {
  type CommandResult,
  type DownEvidence,
  type Judgement,
  type NodeId,
  nodeId,
  type Timings,
  type VmId,
} from '#machines';
import type { Database, Fence, SharedStorage } from '#ports';
import { askAgent } from './ask-agent.ts';
import type { AgentCommand } from './commands.ts';
import { fencingEffects } from './fence-node.ts';
import { readInventory, setArmed, setMaintenance } from './inventory.ts';
import type { NodeLogEntry } from './node-process-options.ts';
import { endRemoved, stopVm } from './stop-vm.ts';
import { changeVm, confirmStart, type LeaseMove, listVms, moveLease, readVm } from './vm-records.ts';

/** A start may take so long that only a late answer is definite; then the same node is asked again. */
const START_TIMEOUT_MS = 30_000;
const EXPECT_TIMEOUT_MS = 5000;
/** A migration may take longer; then the source is asked again, and answers when it is done. */
const MIGRATE_TIMEOUT_MS = 60_000;

/** Between two tries of an effect whose wish must not be lost. */
const RETRY_MS = 1000;

export interface EffectPorts {
  readonly clock: Clock;
  readonly tell: (to: string, event: AnyEventObject) => Promise<void>;
  readonly database: Database;
  readonly storage: SharedStorage;
  readonly bus: Bus;
  readonly fences: readonly Fence[];
  /** The nodes that run servers of messaging and the database. */
  readonly members: readonly NodeId[];
  readonly judgements: () => ReadonlyMap<NodeId, Judgement>;
  readonly timings: Pick<Timings, 'intervalMs'>;
  readonly note: (entry: Omit<NodeLogEntry, 'atMs' | 'node'>) => void;
}

/** What the machines' invoked effects do, by kind. Inputs come from the machines; answers come back as events. */
export function effectsOf(ports: EffectPorts) {
  const { clock, database, storage, bus, tell, judgements, note } = ports;
  /** Until it is done, or this host stops and another does it: nobody waits for such an effect's answer. */
  const persist = async (work: () => Promise<void>, { signal }: EffectScope): Promise<null> => {
    for (;;) {
      try {
        await work();
        return null;
      } catch (error) {
        if (signal.aborted || !(error instanceof RetryableError)) throw error;
        await sleep(clock, RETRY_MS);
      }
    }
  };
  const fencing = fencingEffects({ ...ports, persist });
  const noteEffect = async (entry: Omit<NodeLogEntry, 'atMs' | 'node'>) => note(entry);
  return {
    vm: {
      note: noteEffect,
      loadVm: async ({ vm }: { vm: VmId }) => (await readVm(database, vm)) ?? null,
      setRecorded: async (
        input: { vm: VmId; recorded?: 'running' | 'stopped'; actual?: string },
        { signal }: EffectScope,
      ) => {
        await changeVm(database, input.vm, (document) => {
          // A user has started it since: overtaken, this must not undo that.
          signal.throwIfAborted();
          const recorded = input.recorded ?? document.recorded;
          const { actual: _, ...rest } = document;
          // Given up, or off for good: it takes no room anywhere.
          const isNowhere = input.actual !== undefined || input.recorded === 'stopped';
          const actual = input.actual === undefined ? {} : { actual: input.actual };
          return { ...rest, recorded, ...actual, ...(isNowhere ? { mayRunOn: [] } : {}) };
        });
        return null;
      },
      /** It runs again: what recovery recorded when it gave up is no longer so. */
      clearActual: ({ vm }: { vm: VmId }, scope: EffectScope) =>
        persist(async () => {
          await changeVm(database, vm, ({ actual, ...rest }) => (actual === undefined ? undefined : rest));
        }, scope),
      confirmRuns: ({ vm, epoch }: { vm: VmId; epoch: number }, scope: EffectScope) =>
        persist(async () => {
          if ((await readVm(database, vm)) !== undefined) await confirmStart(database, vm, epoch);
        }, scope),
      stopVm: async ({ vm }: { vm: VmId }, { signal }: EffectScope) => {
        await stopVm({ database, storage, bus }, vm, signal);
        return null;
      },
      endRemoved: async ({ vm }: { vm: VmId }, { signal }: EffectScope) => {
        await endRemoved({ database, storage, bus }, vm, signal);
        return null;
      },
    },
    job: {
      expectOn: (input: { node: NodeId; vm: VmId; epoch: number; attempt: string }): Promise<CommandResult> => {
        const { node, vm, epoch, attempt } = input;
        return askAgent(bus, node, { do: 'expect', vm, epoch: epoch + 1, attempt }, EXPECT_TIMEOUT_MS);
      },
      migrateFrom: (input: { node: NodeId; vm: VmId; epoch: number; to: NodeId }): Promise<CommandResult> => {
        const { node, vm, epoch, to } = input;
        return askAgent(bus, node, { do: 'migrate', vm, epoch, to }, MIGRATE_TIMEOUT_MS);
      },
      moveLease: async (input: LeaseMove) => {
        // Above an older VM of that name, whose epochs stand on storage: the database forgot them. Unread: tried below.
        const sector = input.expectedEpoch === 0 ? await storage.readLease(input.vm).catch(() => undefined) : undefined;
        const result = await moveLease(database, input, sector?.epoch ?? 0);
        if (result.ok) note({ what: 'plan', vm: input.vm, about: input.node, why: `leased for epoch ${result.epoch}` });
        else note({ what: 'refuse', vm: input.vm, why: result.why });
        return result;
      },
      isReleased: async ({ vm, node, epoch }: { vm: VmId; node: NodeId; epoch: number }) => {
        const sector = await storage.readLease(vm);
        return sector?.status === 'released' && sector.node === node && sector.epoch === epoch;
      },
      hasSector: async ({ vm, node }: { vm: VmId; node: NodeId }) => {
        const sector = await storage.readLease(vm);
        return sector?.status === 'held' && sector.node === node;
      },
      startOn: async (input: {
        node: NodeId;
        vm: VmId;
        epoch: number;
        evidence: readonly DownEvidence[];
        evenIfStopped: boolean;
        attempt: string;
      }): Promise<CommandResult> => {
        const document = await readVm(database, input.vm);
        if (document === undefined) {
          return { ok: false, code: 'NO_SUCH_VM', why: `there is no VM ${input.vm}`, definite: true };
        }
        const { epoch, evenIfStopped, attempt } = input;
        // Copied: a command's lists are mutable to its schema.
        const evidence = input.evidence.map((proof) =>
          proof.kind === 'bound' ? { ...proof, observers: [...proof.observers] } : proof,
        );
        const command: AgentCommand = { do: 'start', spec: document.spec, epoch, evidence, evenIfStopped, attempt };
        const result = await askAgent(bus, input.node, command, START_TIMEOUT_MS);
        if (result.ok) await confirmStart(database, input.vm, epoch);
        return result;
      },
    },
    node: {
      note: noteEffect,
      ...fencing,
      listLeased: async ({ node }: { node: string }) =>
        (await listVms(database))
          .filter(({ recorded, lease }) => recorded === 'running' && lease?.node === node)
          .map(({ spec }) => spec.vm),
      setMaintenance: ({ node, on }: { node: string; on: boolean }, scope: EffectScope) =>
        persist(async () => {
          await setMaintenance(database, nodeId(node), on);
          note({ what: 'maintenance', about: node, why: on ? 'its VMs are moved away' : 'it may be used again' });
          await tell('cluster/main', { type: on ? 'review' : 'capacity' });
        }, scope),
    },
    cluster: {
      note: noteEffect,
      inventory: async ({ armed }: { armed: boolean | null }) => {
        if (armed !== null) await setArmed(database, armed);
        return readInventory(database, judgements());
      },
    },
  };
}
