import { waitAfterAttemptMs } from '../attempts/mod.ts';
import type { DownEvidence } from '../evidence.ts';
import type { JobInput } from '../ha-job/mod.ts';
import { type NodeId, nodeId } from '../ids.ts';
import type { Lease, VmDocument } from '../vm-document.ts';
import { type VmEvent, vmOf } from './events.ts';

export type Cause = 'user' | 'host-down' | 'mismatch';

/** JSON: it is committed at every step. */
export interface VmContext {
  readonly address: string;
  readonly recorded: 'running' | 'stopped';
  readonly ha: boolean;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly priority: number;
  readonly failback: boolean;
  readonly lease: Lease | null;
  /** The node that it left only for a while. */
  readonly home: NodeId | null;
  /** What a user, or its guest, wants and the document does not show yet: reading it again must not forget that. */
  readonly wish: 'running' | 'stopped' | null;
  /** It is being brought back, moved, or waits for that: reading the document again must not forget it. */
  readonly unsettled: boolean;
  /** Read the document again when the job ends. */
  readonly reload: boolean;
  /** Room appeared while the job was under way. */
  readonly again: boolean;
  /** The document says that recovery gave up. */
  readonly gaveUp: boolean;
  readonly cause: Cause;
  /** Failed attempts since it last ran (B5). */
  readonly attempt: number;
  /** Jobs so far: names the next. */
  readonly jobs: number;
  /** At most one proof a node, the newest. */
  readonly evidence: readonly DownEvidence[];
  /** Nodes where this recovery failed already. */
  readonly tried: readonly NodeId[];
  /** Whose copy is still good: start it there and nowhere else. */
  readonly target: NodeId | null;
  /** What happened last, in words (F9). */
  readonly why: string;
}

export function initialContext(address: string): VmContext {
  return {
    address,
    recorded: 'stopped',
    ha: false,
    cpus: 0,
    memoryMiB: 0,
    priority: 0,
    failback: true,
    lease: null,
    home: null,
    wish: null,
    unsettled: false,
    reload: false,
    again: false,
    gaveUp: false,
    cause: 'user',
    attempt: 0,
    jobs: 0,
    evidence: [],
    tried: [],
    target: null,
    why: 'not read yet',
  };
}

/** What the database says, taken over. A wish to stop is kept until that is done, a wish to run until it is recorded. */
export function fromDocument(document: VmDocument, { wish }: VmContext): Partial<VmContext> {
  const { spec, ha, priority, failback, lease, home, recorded, actual } = document;
  const { cpus, memoryMiB } = spec;
  return {
    cpus,
    memoryMiB,
    ha,
    priority,
    failback,
    lease,
    home,
    recorded,
    wish: wish === 'running' && recorded === 'running' && lease !== null ? null : wish,
    gaveUp: actual !== undefined,
    reload: false,
  };
}

/** Proof that the host of its lease is down. */
export function isHostDown({ evidence, lease }: VmContext): boolean {
  return evidence.some(({ node }) => node === lease?.node);
}

type HostDown = VmEvent & { readonly type: 'hostDown' };

/** What a proof changes: kept, and where a node only reboots, it stays the VM's home. */
export function struck(context: VmContext, event: HostDown): Partial<VmContext> {
  const home =
    event.returns && context.home === null && event.node === context.lease?.node ? nodeId(event.node) : context.home;
  return { evidence: withEvidence(context.evidence, event.evidence), home };
}

/** The evidence of one node replaces what was known of it before. */
export function withEvidence(known: readonly DownEvidence[], next: DownEvidence): readonly DownEvidence[] {
  return [...known.filter(({ node }) => node !== next.node), next];
}

export function currentJob({ address, jobs }: VmContext): string {
  return `job/${vmOf(address)}-${jobs}`;
}

export function jobInput(context: VmContext): JobInput {
  return {
    address: currentJob(context),
    vm: vmOf(context.address),
    cpus: context.cpus,
    memoryMiB: context.memoryMiB,
    priority: context.priority,
    lease: context.lease,
    cause: context.cause,
    failback: context.failback,
    evidence: context.evidence,
    target: context.target,
    // A node that has just said it is isolated is not stale yet, so it may still look well.
    avoid: [...new Set([...context.tried, ...context.evidence.map(({ node }) => node)])],
    home: context.home,
    live: false,
  };
}

/** Whether `actual` speaks of the copy that the current lease covers; anything else is an echo of the past. */
export function isCurrent({ lease }: VmContext, event: VmEvent & { readonly type: 'actual' }): boolean {
  return lease !== null && event.node === lease.node && event.epoch === lease.epoch;
}

/** The copy that the current lease covers runs. */
export function runsHere(context: VmContext, event: VmEvent & { readonly type: 'actual' }): boolean {
  return event.state === 'running' && isCurrent(context, event);
}

/**
 * The node that still has the VM runs it, under the lease of before: attempts have moved the database's lease on since, in
 * vain. It goes on there, under a lease that both agree on.
 */
export function runsAtHolder({ lease, recorded }: VmContext, event: VmEvent & { readonly type: 'actual' }): boolean {
  return recorded === 'running' && event.state === 'running' && event.epoch < (lease?.epoch ?? 0);
}

/** B5: the wait before the next attempt, ms. */
export function waitMs({ attempt }: VmContext): number {
  return waitAfterAttemptMs(Math.max(1, attempt)) ?? 0;
}
