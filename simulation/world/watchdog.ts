import type { Watchdog } from '#ports';
import type { Planned, VirtualTime } from '../virtual-time.ts';
import type { SimHost } from './host.ts';
import type { SimProcess } from './sim-process.ts';

/**
 * The hardware watchdog of one host. It counts true time, also while the host is stalled or its agent is dead, and
 * knows nothing but the last kick.
 */
export class SimWatchdog {
  readonly #time: VirtualTime;
  readonly #host: SimHost;
  readonly #reset: (host: SimHost) => void;
  #timeoutMs: number | undefined;
  #planned: Planned | undefined;

  constructor(time: VirtualTime, host: SimHost, reset: (host: SimHost) => void) {
    this.#time = time;
    this.#host = host;
    this.#reset = reset;
  }

  /** Power is gone: it counts no more until armed again. */
  powerLost(): void {
    this.#planned?.cancel();
    this.#timeoutMs = undefined;
  }

  open(process: SimProcess): Watchdog {
    const restart = () => {
      this.#planned?.cancel();
      if (this.#timeoutMs !== undefined)
        this.#planned = this.#time.after(this.#timeoutMs, () => this.#reset(this.#host));
    };
    return {
      arm: (timeoutMs) => {
        if (!process.alive) return;
        this.#timeoutMs = timeoutMs;
        restart();
      },
      kick: () => {
        if (process.alive) restart();
      },
    };
  }
}
