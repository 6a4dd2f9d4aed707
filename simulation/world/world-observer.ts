import type { NodeId, VmId } from '#machines';
import type { VmCopy } from '#ports';
import type { NodeLogEntry } from '../../node-agent/node-process-options.ts';
import type { SimCopy, SimHost } from './host.ts';
import type { StorageObserver } from './storage.ts';

/** What the world tells those who watch it. Called at the instant it happens. */
export interface WorldObserver extends StorageObserver {
  log(entry: NodeLogEntry): void;
  /** A fact of the world itself, not of the product. */
  fact(what: string, node: NodeId | undefined, vm: VmId | undefined, why: string): void;
  copyChanged(host: SimHost, copy: SimCopy, before: VmCopy['state']): void;
  /** A write that a copy had in flight when its path broke lands, whatever became of the copy. */
  diskWritten(host: SimHost, vm: VmId): void;
  /** The agent threw where nothing may be thrown. */
  agentFailed(node: NodeId, error: unknown): void;
}
