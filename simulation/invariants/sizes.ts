import type { Body } from './watcher.ts';

export interface Size {
  readonly cpus: number;
  readonly memoryMiB: number;
}

const UNKNOWN: Size = { cpus: 1, memoryMiB: 1024 };
/** A VM may be placed for so long by the size that it had before a user changed it. */
const LATE_SECONDS = 600;

/** How large VMs are by their documents. */
export class Sizes {
  readonly #nowSeconds: () => number;
  readonly #known = new Map<string, readonly (Size & { readonly sinceSeconds: number })[]>();

  constructor(nowSeconds: () => number) {
    this.#nowSeconds = nowSeconds;
  }

  note(vm: string, document: Body | undefined): void {
    const spec = document?.spec;
    if (typeof spec !== 'object' || spec === null) return;
    const size = { cpus: Number(Reflect.get(spec, 'cpus')), memoryMiB: Number(Reflect.get(spec, 'memoryMiB')) };
    const all = this.#known.get(vm) ?? [];
    const last = all.at(-1);
    if (last?.cpus === size.cpus && last.memoryMiB === size.memoryMiB) return;
    this.#known.set(vm, [...all, { ...size, sinceSeconds: this.#nowSeconds() }]);
  }

  /** As it is now. */
  of(vm: string): Size {
    return this.#known.get(vm)?.at(-1) ?? UNKNOWN;
  }

  /** The least that it has been of late. */
  leastOf(vm: string): Size {
    const all = this.#known.get(vm) ?? [];
    const lately = all.filter(
      (_, i) => (all[i + 1]?.sinceSeconds ?? Number.POSITIVE_INFINITY) > this.#nowSeconds() - LATE_SECONDS,
    );
    if (lately.length === 0) return UNKNOWN;
    return {
      cpus: Math.min(...lately.map(({ cpus }) => cpus)),
      memoryMiB: Math.min(...lately.map(({ memoryMiB }) => memoryMiB)),
    };
  }
}
