import type { VmId } from '#machines';

/** One thing at a time per VM: commands and reconciling must not overtake each other. */
export class PerVm {
  readonly #last = new Map<VmId, Promise<unknown>>();
  readonly #watches = new Set<Set<VmId>>();

  run<T>(vm: VmId, work: () => Promise<T>): Promise<T> {
    for (const touched of this.#watches) touched.add(vm);
    const before = this.#last.get(vm) ?? Promise.resolve();
    const result = before.then(work, work);
    this.#last.set(vm, result);
    const forget = () => {
      if (this.#last.get(vm) === result) this.#last.delete(vm);
    };
    result.then(forget, forget);
    return result;
  }

  /** While `work` runs, `touched` holds the VMs that have a turn or had one since it began. */
  async watching<T>(work: (touched: ReadonlySet<VmId>) => Promise<T>): Promise<T> {
    const touched = new Set(this.#last.keys());
    this.#watches.add(touched);
    try {
      return await work(touched);
    } finally {
      this.#watches.delete(touched);
    }
  }

  isBusy(vm: VmId): boolean {
    return this.#last.has(vm);
  }
}
