import type { DownEvidence } from '../evidence.ts';
import { type NodeId, vmId } from '../ids.ts';
import { type CommandResult, type JobInput, STAYED } from './events.ts';

/** What an attempt knows. */
export interface JobContext extends JobInput {
  /** Starts without a definite answer, since it was looked. */
  readonly asks: number;
  readonly failure: { readonly code: string; readonly why: string; readonly holder?: string; readonly tried?: string };
}

const NO_INPUT: JobInput = {
  address: 'job/unknown',
  vm: vmId('unknown'),
  cpus: 0,
  memoryMiB: 0,
  priority: 0,
  lease: null,
  cause: 'user',
  failback: true,
  evidence: [],
  target: null,
  avoid: [],
  home: null,
  live: false,
};

/** Before the first step. */
export function initialContext(input: JobInput | undefined): JobContext {
  return { ...(input ?? NO_INPUT), asks: 0, failure: { code: '', why: '' } };
}

/** Which copy migrates. */
export interface Expect {
  readonly vm: string;
  readonly node: string;
  /** Under which it runs now. */
  readonly epoch: number;
}

/** The copy that runs now, as `node` is asked about it. */
export function expectOf({ vm, lease }: JobContext, node: string): Expect {
  return { vm, node, epoch: lease?.epoch ?? 0 };
}

/** A refusal in words; empty when there is none. */
export function whyOf(result: CommandResult): string {
  return result.ok ? '' : `${result.code}: ${result.why}`;
}

/** What the cluster is told of a failure: whether the VM waits for room, or runs where it was. */
export function outcomeOf({ failure }: JobContext): 'failed' | 'stayed' | 'runs' {
  if (STAYED.has(failure.code)) return 'stayed';
  // Neither waits for room: the one runs, the other for HA to be armed.
  return failure.code === 'NOT_NEEDED' || failure.code === 'DISARMED' ? 'runs' : 'failed';
}

/** What the cluster is asked for. */
export function placeRequest(context: JobContext) {
  const { vm, address, cpus, memoryMiB, priority, avoid, cause, failback, lease, target, evidence } = context;
  // A user's start and a restart go where it was, if it may be there.
  const stay = cause === 'host-down' ? null : (lease?.node ?? null);
  return {
    type: 'place',
    vm,
    job: address,
    cause,
    cpus,
    memoryMiB,
    priority,
    failback,
    avoid,
    evidence,
    stay,
    only: target,
  };
}

/** Throws `RangeError` before the VM has been placed. */
export function targetOf({ target, address }: JobContext): NodeId {
  if (target === null) throw new RangeError(`${address} has no node yet`);
  return target;
}

/** One piece of evidence a node: the newest. */
export function fresher(known: readonly DownEvidence[], next: DownEvidence): readonly DownEvidence[] {
  return [...known.filter(({ node }) => node !== next.node), next];
}

/** What a definite refusal of a node makes the job tell; that node was tried. */
export function failureOf({ target }: JobContext, result: CommandResult): JobContext['failure'] {
  if (result.ok) return { code: '', why: '' };
  const { code, why, holder } = result;
  return { code, why, ...(holder === undefined ? {} : { holder }), ...(target === null ? {} : { tried: target }) };
}
