import type { VmId } from '#machines';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { SimCopy, SimHost } from './host.ts';

/** The operating systems inside the VMs: they boot, panic, hang, or do not come up. Nobody outside sees it by itself. */
export class Guests {
  /** How many of the next boots of a VM end without an operating system. */
  readonly bootFails = new Map<VmId, number>();
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;

  constructor(time: VirtualTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  boot(host: SimHost, copy: SimCopy): void {
    const failures = this.bootFails.get(copy.vm) ?? 0;
    if (failures > 0) this.bootFails.set(copy.vm, failures - 1);
    const { boots } = host;
    this.#time.after(this.#random.between(3000, 20_000), () => {
      const stillBoots = host.powered && host.boots === boots && host.copies.get(copy.vm) === copy;
      if (stillBoots && copy.state === 'running' && copy.guest === 'booting') {
        copy.guest = failures > 0 ? 'not-booted' : 'up';
      }
    });
  }

  panic(copy: SimCopy): void {
    if (copy.state === 'running') copy.guest = 'panicked';
  }

  hang(copy: SimCopy): void {
    if (copy.state === 'running') copy.guest = 'hung';
  }
}
