import type { Clock } from '#actors';
import type { VmId } from '#machines';
import type { Hypervisor, VmCopy } from '#ports';

export interface LateWritersOptions {
  readonly clock: Clock;
  /** So long after a copy's end its last writes may still land, ms; undefined: its disk's transport promises nothing. */
  readonly lateWriteBoundMs: number | undefined;
  /** When the latest slot write that succeeded began. */
  readonly goodWriteBeganMs: () => number;
}

/**
 * Copies that are gone but whose writes may not be. A QEMU that is killed while its storage is away leaves a write in the
 * kernel's socket, which lands once the path is back (G2). Such a copy is no danger any more when a slot write that began
 * after its end has succeeded while nothing was wrong, when the transport's own bound has passed, or when the host was reset.
 */
export class LateWriters {
  readonly #options: LateWritersOptions;
  /** When each ended, at the latest. */
  readonly #endedMs = new Map<VmId, number>();
  readonly #seen = new Map<VmId, VmCopy['state']>();
  readonly #drained = new Set<VmId>();

  constructor(options: LateWritersOptions) {
    this.#options = options;
  }

  /** The hypervisor as given, with what goes through it noted. */
  watch(hypervisor: Hypervisor): Hypervisor {
    const runs = async (vm: VmId, call: Promise<void>): Promise<void> => {
      this.#drained.delete(vm);
      this.#seen.delete(vm);
      await call;
    };
    const ends = async (vm: VmId, call: Promise<void>): Promise<void> => {
      const isWriter = this.#seen.get(vm) !== 'off' && !this.#drained.has(vm);
      await call;
      if (isWriter) this.#ended(vm);
      this.#seen.set(vm, 'off');
    };
    return {
      list: async () => {
        const copies = await hypervisor.list();
        this.#note(copies);
        return copies;
      },
      start: (spec, epoch) => runs(spec.vm, hypervisor.start(spec, epoch)),
      resume: (vm) => runs(vm, hypervisor.resume(vm)),
      suspend: async (vm) => {
        await hypervisor.suspend(vm);
        this.#drained.add(vm);
      },
      settle: (vm) => hypervisor.settle(vm),
      shutdown: (vm) => hypervisor.shutdown(vm),
      migrate: (vm, to, epoch) => hypervisor.migrate(vm, to, epoch),
      destroy: (vm) => ends(vm, hypervisor.destroy(vm)),
      remove: (vm) => ends(vm, hypervisor.remove(vm)),
      subscribe: (listener) => hypervisor.subscribe(listener),
      close: () => hypervisor.close(),
    };
  }

  /** To be called while the host is well: what ended before a good slot write began has landed by now. */
  pathIsWell(): void {
    const beganMs = this.#options.goodWriteBeganMs();
    for (const [vm, endedMs] of this.#endedMs) if (endedMs < beganMs) this.#endedMs.delete(vm);
  }

  /** Whose writes may still land. */
  get vms(): readonly VmId[] {
    const { clock, lateWriteBoundMs } = this.#options;
    if (lateWriteBoundMs !== undefined) {
      const nowMs = clock.nowMs();
      for (const [vm, endedMs] of this.#endedMs) if (nowMs - endedMs > lateWriteBoundMs) this.#endedMs.delete(vm);
    }
    return [...this.#endedMs.keys()];
  }

  #note(copies: readonly VmCopy[]): void {
    for (const { vm, state, reason } of copies) {
      if (state === 'running') this.#drained.delete(vm);
      const isNews = state === 'off' && this.#seen.get(vm) !== 'off';
      this.#seen.set(vm, state);
      if (isNews && !this.#drained.has(vm) && !endsInOrder(reason)) this.#ended(vm);
    }
  }

  #ended(vm: VmId): void {
    this.#endedMs.set(vm, this.#options.clock.nowMs());
  }
}

/** A guest's own shutdown and a migration flush the disk first; a reboot of the host took what was in its sockets along. */
function endsInOrder(reason: VmCopy['reason']): boolean {
  return reason === 'guest-shutdown' || reason === 'migrated' || reason === 'lost';
}
