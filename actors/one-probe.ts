import { backoffMs, Halted, untilAvailable } from './backoff.ts';
import { sleep } from './clock.ts';
import { TransportUnavailable } from './errors.ts';
import type { HostContext } from './host-context.ts';

/**
 * Many that need messaging, which does not answer: one of them tries again and again, with growing waits, the others wait for
 * it to get through. So a host that is cut off asks for one thing at a time, however much it has to look through.
 */
export class OneProbe {
  readonly #context: HostContext;
  /** Resolves when the probe got through or its work was dropped; never rejects. */
  #underWay: Promise<void> | undefined;

  constructor(context: HostContext) {
    this.#context = context;
  }

  /** Repeats `work` until messaging answers. Throws `Halted` when `dropped()` turns true, and whatever else `work` throws. */
  async until(dropped: () => boolean, work: () => Promise<void>): Promise<void> {
    for (;;) {
      if (dropped()) throw new Halted();
      if (this.#underWay !== undefined) {
        await this.#underWay;
        continue;
      }
      try {
        await work();
        return;
      } catch (error) {
        if (!(error instanceof TransportUnavailable)) throw error;
        if (this.#underWay === undefined) {
          await this.#probe(error, dropped, work);
          return;
        }
      }
    }
  }

  async #probe(error: TransportUnavailable, dropped: () => boolean, work: () => Promise<void>): Promise<void> {
    const { clock, random, limits } = this.#context;
    const { unavailable } = limits;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#underWay = promise;
    try {
      this.#alert(error);
      await sleep(clock, backoffMs(unavailable, 1, random));
      const onRetry = (again: Error, attempt: number) => {
        if (attempt % 10 === 0) this.#alert(again);
      };
      await untilAvailable(clock, random, unavailable, dropped, onRetry, work);
    } finally {
      this.#underWay = undefined;
      resolve();
    }
  }

  #alert({ message }: Error): void {
    this.#context.alert({ code: 'TRANSPORT_UNAVAILABLE', text: message });
  }
}
