import type { VirtualTime } from '../virtual-time.ts';
import type { Agents } from './agents.ts';
import type { SimHost } from './host.ts';
import { SimWatchdog } from './watchdog.ts';
import type { WorldObserver } from './world-observer.ts';

/** From power to a running agent. */
const BOOT_MS = 30_000;
/** An orderly shutdown that takes longer ends in a power cut. */
const SHUTDOWN_LIMIT_MS = 300_000;
/** The rest of the operating system, once its agent is gone. */
const REST_MS = 5000;

export interface PowerOptions {
  readonly time: VirtualTime;
  readonly hosts: readonly SimHost[];
  readonly agents: Agents;
  readonly observer: WorldObserver;
  startAgent(host: SimHost): void;
}

/** Power of all hosts: cuts, boots, orderly shutdowns, and what their watchdogs do. */
export class Power {
  readonly #options: PowerOptions;
  readonly #watchdogs: ReadonlyMap<SimHost, SimWatchdog>;

  constructor(options: PowerOptions) {
    this.#options = options;
    const reset = (host: SimHost) => this.#watchdogReset(host);
    this.#watchdogs = new Map(options.hosts.map((host) => [host, new SimWatchdog(options.time, host, reset)]));
  }

  watchdogOf(host: SimHost): SimWatchdog {
    const watchdog = this.#watchdogs.get(host);
    if (watchdog === undefined) throw new Error(`${host.name} has no watchdog`);
    return watchdog;
  }

  on(host: SimHost): void {
    if (host.powered) return;
    host.powerOn();
    const { boots } = host;
    this.#options.time.after(BOOT_MS, () => {
      if (!host.powered || host.boots !== boots) return;
      host.whenRunning(() => {
        host.booted = true;
        this.#options.startAgent(host);
      });
    });
  }

  off(host: SimHost, why: string): void {
    if (!host.powered) return;
    const { observer, agents } = this.#options;
    observer.fact('power-lost', host.name, undefined, why);
    agents.kill(host);
    this.watchdogOf(host).powerLost();
    const copies = [...host.copies.values()];
    host.powerOff();
    for (const copy of copies) observer.copyChanged(host, { ...copy, state: 'off', reason: 'lost' }, copy.state);
  }

  /** T5: the operating system goes down in order, at the longest `SHUTDOWN_LIMIT_MS`. */
  shutdown(host: SimHost, reboot: boolean): void {
    const { agents, observer, time } = this.#options;
    const agent = agents.of(host);
    if (!host.powered) return;
    const { boots } = host;
    const off = () => {
      if (!host.powered || host.boots !== boots) return;
      this.off(host, 'orderly shutdown');
      if (reboot) this.on(host);
    };
    if (agent === undefined) {
      off();
      return;
    }
    host.goingDown = { reboot };
    time.after(SHUTDOWN_LIMIT_MS, off);
    // The rest of the system does not wait for an agent that died; another one may begin meanwhile.
    host.process?.atDeath(() => time.after(REST_MS, off));
    host.process?.run(() => {
      const rest = () => time.after(REST_MS, off);
      agent.shutdownHost({ reboot }).then(rest, (error: unknown) => observer.agentFailed(host.name, error));
    });
  }

  #watchdogReset(host: SimHost): void {
    if (!host.powered) return;
    this.off(host, 'reset by its watchdog');
    this.on(host);
  }
}
