import type { VmId } from '#machines';

/**
 * Starts and resumes that may yet make a copy run. The guardian counts them as running: until they are settled an
 * isolated host is not safe, whatever the hypervisor lists.
 */
export class CopiesUnderWay {
  readonly #vms = new Map<VmId, number>();

  async during<T>(vm: VmId, work: () => Promise<T>): Promise<T> {
    this.#vms.set(vm, (this.#vms.get(vm) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.#vms.get(vm) ?? 1) - 1;
      if (left === 0) this.#vms.delete(vm);
      else this.#vms.set(vm, left);
    }
  }

  has(vm: VmId): boolean {
    return this.#vms.has(vm);
  }

  get vms(): readonly VmId[] {
    return [...this.#vms.keys()];
  }
}
