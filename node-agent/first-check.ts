import { type Clock, sleep } from '#actors';
import type { Timings } from '#machines';
import type { Hypervisor } from '#ports';
import { verifyFirstCopies } from './first-copies.ts';
import type { NodeLogEntry } from './node-process-options.ts';
import { settleFormerCalls } from './settle-former-calls.ts';
import type { SlotHeartbeat } from './slot-heartbeat.ts';
import type { CopyPorts } from './start-copy.ts';
import { within } from './within.ts';

export interface FirstCheckOptions {
  readonly clock: Clock;
  readonly hypervisor: Hypervisor;
  readonly heartbeat: SlotHeartbeat;
  readonly ports: CopyPorts;
  readonly freshBoot: boolean;
  readonly timings: Timings;
  readonly note: (entry: Omit<NodeLogEntry, 'atMs' | 'node'>) => void;
}

/** What an agent makes sure of before it joins: that no call of a former agent is under way, and whose the copies here are. */
export class FirstCheck {
  readonly #options: FirstCheckOptions;
  #isSettled: boolean;
  #checks = 0;
  #settling: Promise<void> | undefined;

  constructor(options: FirstCheckOptions) {
    this.#options = options;
    this.#isSettled = options.freshBoot;
  }

  /** Nothing that a former agent began can change a copy any more. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** True once the first slot write succeeded and every copy here is this host's own. May be called again. */
  async pass(): Promise<boolean> {
    const { clock, freshBoot, heartbeat, ports, note } = this.#options;
    const { intervalMs, watchdogTimeoutMs } = this.#options.timings;
    // Short intervals are for finding others dead, not for giving up on an own hypervisor that is busy.
    const patienceMs = Math.max(intervalMs * 4, watchdogTimeoutMs / 10);
    if (!this.#isSettled) await within(clock, patienceMs, 'what a former agent began', this.#settle());
    if (heartbeat.incarnation === 0) {
      await within(clock, patienceMs / 2, 'shared storage', heartbeat.open());
    }
    this.#checks += 1;
    const check = this.#checks;
    const verifying = verifyFirstCopies(ports, freshBoot, () => check === this.#checks);
    const gone = await within(clock, patienceMs, 'the first check', verifying);
    for (const vm of gone) note({ what: 'clean-up', vm, why: "its lease sector is not this host's (B4)" });
    heartbeat.start();
    const untilMs = clock.nowMs() + patienceMs / 2;
    while (heartbeat.good.sequence === 0 && clock.nowMs() < untilMs) await sleep(clock, Math.min(20, intervalMs));
    return heartbeat.good.sequence > 0;
  }

  /** Once, however long the hypervisor takes; again when it fails. */
  #settle(): Promise<void> {
    this.#settling ??= settleFormerCalls(this.#options.hypervisor).then(
      () => {
        this.#isSettled = true;
      },
      (error: unknown) => {
        this.#settling = undefined;
        throw error;
      },
    );
    return this.#settling;
  }
}
