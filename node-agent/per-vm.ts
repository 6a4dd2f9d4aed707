import type { VmId } from '#machines';

/** One thing at a time per VM: commands and reconciling must not overtake each other. */
export class PerVm {
  readonly #last = new Map<VmId, Promise<unknown>>();

  run<T>(vm: VmId, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(vm) ?? Promise.resolve();
    const result = before.then(work, work);
    this.#last.set(vm, result);
    const forget = () => {
      if (this.#last.get(vm) === result) this.#last.delete(vm);
    };
    result.then(forget, forget);
    return result;
  }

  isBusy(vm: VmId): boolean {
    return this.#last.has(vm);
  }
}
