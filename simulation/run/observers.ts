import type { JournalEntry } from '#actors';
import type { NodeId, VmId } from '#machines';
import type { LeaseSector, Slot, VmCopy } from '#ports';
import type { NodeLogEntry } from '../../node-agent/node-process-options.ts';
import type { WorldFault } from '../faults/world-fault.ts';
import type { Watcher } from '../invariants/mod.ts';
import type { Body } from '../invariants/watcher.ts';
import type { ScenarioEvent } from '../scenario/mod.ts';
import type { SimCopy, SimHost } from '../world/host.ts';
import type { WorldObserver } from '../world/world-observer.ts';
import type { Recorder } from './recorder.ts';

/** Passes on what happens: first to the recorder, then to every invariant. */
export class Observers implements WorldObserver {
  readonly #recorder: Recorder;
  #watchers: readonly Watcher[] = [];
  /** Those who look after every event: few, and there are many events. */
  #always: readonly Watcher[] = [];

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  watch(watchers: readonly Watcher[]): void {
    this.#watchers = watchers;
    this.#always = watchers.filter(({ afterEvent }) => afterEvent !== undefined);
  }

  log(entry: NodeLogEntry): void {
    this.#recorder.log(entry);
    for (const watcher of this.#watchers) watcher.log?.(entry);
  }

  fact(what: string, node: NodeId | undefined, vm: VmId | undefined, why: string): void {
    this.#recorder.fact(what, node, vm, why);
  }

  copyChanged(host: SimHost, copy: SimCopy, before: VmCopy['state']): void {
    this.#recorder.copyChanged(host, copy);
    for (const watcher of this.#watchers) watcher.copyChanged?.(host, copy, before);
  }

  diskWritten(host: SimHost, vm: VmId): void {
    this.#recorder.fact('late-write', host.name, vm, 'a write that was in flight when its path broke lands');
    for (const watcher of this.#watchers) watcher.diskWritten?.(host, vm);
  }

  leaseWritten(before: LeaseSector | undefined, after: LeaseSector): void {
    for (const watcher of this.#watchers) watcher.leaseWritten?.(before, after);
  }

  slotWritten(before: Slot | undefined, after: Slot): void {
    for (const watcher of this.#watchers) watcher.slotWritten?.(before, after);
  }

  committed(entry: JournalEntry): void {
    for (const watcher of this.#watchers) watcher.committed?.(entry);
  }

  documentChanged(collection: string, id: string, before: Body | undefined, after: Body | undefined): void {
    for (const watcher of this.#watchers) watcher.documentChanged?.(collection, id, before, after);
  }

  happens(event: ScenarioEvent | WorldFault): void {
    for (const watcher of this.#watchers) watcher.happens?.(event);
  }

  afterEvent(): void {
    for (const watcher of this.#always) watcher.afterEvent?.();
  }

  agentFailed(node: NodeId, error: unknown): void {
    this.#recorder.agentFailed(node, error);
  }

  async atEnd(): Promise<void> {
    for (const watcher of this.#watchers) await watcher.atEnd?.();
  }
}
