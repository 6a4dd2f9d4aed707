import type { AnyEventObject } from 'xstate';
import { type Clock, type EffectScope, sleep } from '#actors';
import {
  type Confirmation,
  confirmed,
  type FenceAnswer,
  type FenceInput,
  type Judgement,
  looked,
  type NodeId,
  nodeId,
  type SlotCount,
  type Timings,
  whyNotFence,
} from '#machines';
import type { Database, Fence, SharedStorage } from '#ports';
import { noteFenceOrder, readSettings } from './inventory.ts';
import type { NodeLogEntry } from './node-process-options.ts';
import { within } from './within.ts';

/** A node that a fence has cut is given its power back. */
const POWER_ON_TRIES = 10;
const POWER_ON_AGAIN_MS = 10_000;
/** Own storage that does not answer so long: what the others saw must do. */
const LOOK_MS = 1000;
/** So many looks in a row that nobody could take: then nobody knows. */
const BLIND_LOOKS = 10;

export interface FencingPorts {
  readonly clock: Clock;
  readonly database: Database;
  readonly storage: Pick<SharedStorage, 'readSlots'>;
  readonly fences: readonly Fence[];
  readonly members: readonly NodeId[];
  readonly judgements: () => ReadonlyMap<NodeId, Judgement>;
  readonly timings: Pick<Timings, 'intervalMs'>;
  readonly tell: (to: string, event: AnyEventObject) => Promise<void>;
  readonly note: (entry: Omit<NodeLogEntry, 'atMs' | 'node'>) => void;
  /** Again and again until it is done. */
  readonly persist: (work: () => Promise<void>, scope: EffectScope) => Promise<null>;
}

/** Takes a node's power, and holds the devices' words against what the node goes on writing (G2). */
export function fencingEffects(ports: FencingPorts) {
  const { clock, database, storage, fences, members, judgements, timings, tell, note, persist } = ports;

  /** The node's slot now; undefined: nobody can look. */
  async function look(node: NodeId): Promise<{ readonly slot: SlotCount | undefined } | undefined> {
    try {
      const slots = await within(clock, LOOK_MS, 'shared storage', storage.readSlots());
      return { slot: slots.find((each) => each.node === node) };
    } catch {
      const judgement = judgements().get(node);
      return judgement === undefined || judgement.observers.length === 0 ? undefined : { slot: judgement };
    }
  }

  /**
   * Looks at the slot until it is clear whether the node stopped; `open` when nobody can look. Also when nobody waits for the
   * answer any more because the node is well again: just then the device lied.
   */
  async function watch(node: NodeId, begun: Confirmation): Promise<Confirmation> {
    let known = begun;
    for (let blind = 0; blind < BLIND_LOOKS; ) {
      const seen = await look(node);
      if (seen === undefined) blind += 1;
      else {
        blind = 0;
        known = looked(known, seen.slot, clock.nowMs(), timings.intervalMs);
        if (known.verdict !== 'open') break;
      }
      await sleep(clock, timings.intervalMs);
    }
    return known;
  }

  /** Nobody is recovered on that word, everybody hears of it, and the device is not asked about that node again. */
  async function disbelieve(node: NodeId, fence: string, scope: EffectScope): Promise<void> {
    const why = `the fence ${fence} confirmed that ${node} is off, and ${node} went on writing: check its plug`;
    note({ what: 'alert', about: node, why: `${why}. It is not asked about ${node} again until it was tested` });
    await persist(() => tell(`node/${node}`, { type: 'contradicted', fence }), scope);
  }

  /** A fence's power-off is no more than a reset: the node boots again, and its servers with it. */
  async function giveBackPower(fence: Fence, node: NodeId): Promise<void> {
    if (fence.powerOn === undefined) return;
    for (let tries = 1; tries <= POWER_ON_TRIES; tries += 1) {
      try {
        await fence.powerOn(node);
        note({ what: 'power-on', about: node, why: `by ${fence.name}, after its fence` });
        return;
      } catch (error) {
        if (tries < POWER_ON_TRIES) await sleep(clock, POWER_ON_AGAIN_MS);
        else note({ what: 'alert', about: node, why: `it stays off after its fence: ${String(error)}` });
      }
    }
  }

  return {
    /** Asks the fences one after the other, until one is believed. */
    fence: async (input: FenceInput, scope: EffectScope): Promise<FenceAnswer> => {
      const { incarnation, disbelieved } = input;
      const node = nodeId(input.node);
      // Read before: what is fenced may be what the database needs to answer.
      const { armed, afterFence } = await readSettings(database);
      if (!armed) return { outcome: 'failed', why: 'HA is disarmed' };
      const why = whyNotFence(node, members, judgements());
      if (why !== undefined) {
        note({ what: 'refuse', about: node, why: `no fence: ${why}` });
        return { outcome: 'failed', why };
      }
      const givesPower = afterFence === 'power-on' && fences.some(({ name }) => !disbelieved.includes(name));
      const wasOrdered = givesPower && (await noteFenceOrder(database, node, incarnation));
      const failures: string[] = [];
      let { stillAt } = input;
      for (const fence of fences) {
        // The node is well again, or another host asks.
        scope.signal.throwIfAborted();
        if (disbelieved.includes(fence.name)) {
          // A plug in the wrong socket would take another host's power each time.
          failures.push(`${fence.name} confirmed before what was not so, and was not tested since`);
          note({ what: 'refuse', about: node, why: `no fence: ${failures.at(-1)}` });
          continue;
        }
        note({ what: 'fence', about: node, why: `by ${fence.name}` });
        const result = await fence.fence(node, incarnation);
        if (result.outcome !== 'confirmed') {
          failures.push(`${result.by}: ${result.why}`);
          continue;
        }
        note({ what: 'fence-confirmed', about: node, why: `by ${result.by}` });
        // Not by the node's actor: until the node is back nobody may be able to commit a step.
        if (givesPower && (result.cut === true || wasOrdered)) void giveBackPower(fence, node);
        const { verdict, sequence } = await watch(node, confirmed(incarnation, stillAt, clock.nowMs()));
        if (verdict === 'believed') return { outcome: 'confirmed', by: fence.name, incarnation, sequence };
        stillAt = null;
        failures.push(
          `${fence.name} confirmed it, and ${verdict === 'open' ? 'nobody can look' : 'it goes on writing'}`,
        );
        if (verdict === 'contradicted') await disbelieve(node, fence.name, scope);
      }
      return { outcome: 'failed', why: failures.join('; ') || 'no fence is configured' };
    },
    /** Its slot was written after that fence's word was believed: one write that came late, or a host that lives. */
    watchFenced: async (
      input: { readonly node: string; readonly incarnation: number; readonly fence: string },
      scope: EffectScope,
    ): Promise<null> => {
      const { incarnation, fence } = input;
      const node = nodeId(input.node);
      const why = `the word of ${fence} that it is off is void: its slot was written after that`;
      note({ what: 'alert', about: node, why });
      const { verdict } = await watch(node, confirmed(incarnation, null, clock.nowMs()));
      if (verdict === 'contradicted') await disbelieve(node, fence, scope);
      return null;
    },
  };
}
