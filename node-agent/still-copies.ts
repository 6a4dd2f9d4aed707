import type { VmId } from '#machines';
import type { Hypervisor, VmCopy } from '#ports';

export interface StillCopiesOptions {
  readonly hypervisor: Pick<Hypervisor, 'suspend' | 'destroy'>;
  readonly onError: (error: unknown) => void;
}

/**
 * Brings copies to a stand and knows which do stand. A hypervisor lists a copy as suspended before its disk is drained: a
 * write in flight may land much later. So a copy stands only once this process's own call was *answered* (G2).
 */
export class StillCopies {
  readonly #options: StillCopiesOptions;
  readonly #suspending = new Set<VmId>();
  readonly #forcing = new Set<VmId>();
  readonly #suspended = new Set<VmId>();

  constructor(options: StillCopiesOptions) {
    this.#options = options;
  }

  /** False when such a call is under way already. */
  suspend(vm: VmId): boolean {
    const drained = () => void this.#suspended.add(vm);
    return this.#once(this.#suspending, vm, () => this.#options.hypervisor.suspend(vm).then(drained));
  }

  /** False when such a call is under way already. */
  forceOff(vm: VmId): boolean {
    return this.#once(this.#forcing, vm, () => this.#options.hypervisor.destroy(vm));
  }

  /** Copies that may write now or later, given what the hypervisor lists and what may yet make a copy run. */
  mayWrite(copies: readonly VmCopy[], underWay: Iterable<VmId>): readonly VmId[] {
    const unsettled = new Set([...underWay, ...this.#suspending, ...this.#forcing]);
    for (const { vm, state } of copies) if (state === 'running') unsettled.add(vm);
    for (const vm of unsettled) this.#suspended.delete(vm);
    for (const { vm, state } of copies) if (state === 'suspended' && !this.#suspended.has(vm)) unsettled.add(vm);
    return [...unsettled];
  }

  /** Copies may run again: whatever stood is asked anew. */
  forget(): void {
    this.#suspended.clear();
  }

  #once(calls: Set<VmId>, vm: VmId, call: () => Promise<void>): boolean {
    if (calls.has(vm)) return false;
    calls.add(vm);
    call()
      .catch(this.#options.onError)
      .finally(() => calls.delete(vm));
    return true;
  }
}
