import type { Clock } from '#actors';
import { type GuardianState, initialGuardian, stepGuardian, type Timings, type VmId } from '#machines';
import type { Hypervisor, Watchdog } from '#ports';
import type { CopiesUnderWay } from './copies-under-way.ts';
import type { LateWriters } from './late-writers.ts';
import type { NodeLogEntry } from './node-process-options.ts';
import { type Loop, periodic } from './periodic.ts';
import type { SlotHeartbeat } from './slot-heartbeat.ts';
import { StillCopies } from './still-copies.ts';
import { within } from './within.ts';

export interface GuardianRunnerOptions {
  readonly clock: Clock;
  readonly hypervisor: Pick<Hypervisor, 'list' | 'suspend' | 'destroy'>;
  readonly watchdog: Watchdog;
  readonly heartbeat: Pick<SlotHeartbeat, 'good' | 'state' | 'takeGapMs'>;
  readonly underWay: CopiesUnderWay;
  readonly lateWriters: Pick<LateWriters, 'vms' | 'pathIsWell'>;
  readonly timings: Timings;
  /** False while calls of a former agent may still be under way: then nobody knows what will run. */
  readonly isSettled: () => boolean;
  readonly note: (entry: Pick<NodeLogEntry, 'what' | 'why'> & { readonly vm?: string }) => void;
  readonly onStorageBack: () => void;
  readonly onError: (error: unknown) => void;
}

/** Steps the guardian each interval and does what it says. Needs no network and waits for nobody. */
export class GuardianRunner {
  readonly #options: GuardianRunnerOptions;
  readonly #still: StillCopies;
  #state: GuardianState;
  #wordGiven = -1;
  #armed = false;
  #loop: Loop | undefined;

  constructor(options: GuardianRunnerOptions) {
    this.#options = options;
    this.#still = new StillCopies(options);
    this.#state = initialGuardian(options.clock.nowMs());
  }

  /**
   * `verified`: a slot write just succeeded and every running copy's lease sector is this node's. Else whatever runs is
   * isolated first. Until the first step the watchdog is neither armed nor kicked: one left armed by a former agent ticks on.
   */
  start(verified: boolean): void {
    const { clock, timings, heartbeat, onError } = this.#options;
    const nowMs = clock.nowMs();
    this.#state = verified
      ? { mode: 'guarding', goodWriteBeganMs: heartbeat.good.beganMs, lastStepMs: nowMs }
      : initialGuardian(nowMs);
    this.#loop = periodic(clock, timings.intervalMs, () => this.#step(), onError);
  }

  stop(): void {
    this.#loop?.stop();
  }

  get mode(): GuardianState['mode'] {
    return this.#state.mode;
  }

  /** Whether a copy may be started or resumed at this very moment. Ask right before, without waiting in between. */
  mayRun(): boolean {
    const { clock, heartbeat, timings } = this.#options;
    return this.#state.mode === 'guarding' && clock.nowMs() - heartbeat.good.beganMs <= timings.guardianDeadlineMs;
  }

  /**
   * The sequence up to which "nothing runs here" may be said now; undefined when it may not. After it was said, only a
   * slot write above it ends the isolation: so whoever takes a lease on that word sees the write that voids it.
   */
  giveWord(lastAttempted: number): number | undefined {
    if (this.#state.mode !== 'isolated') return undefined;
    this.#wordGiven = Math.max(this.#wordGiven, lastAttempted);
    return this.#wordGiven;
  }

  async #step(): Promise<void> {
    const { clock, heartbeat, timings, note, watchdog, lateWriters, onStorageBack } = this.#options;
    const running = await this.#running();
    const { beganMs, sequence } = heartbeat.good;
    const goodWriteBeganMs = sequence > this.#wordGiven ? beganMs : Number.NEGATIVE_INFINITY;
    const before = this.#state.mode;
    // What is gone but may write late counts too; nothing can be done about it: its bound, or the watchdog, ends the wait.
    const late = lateWriters.vms;
    const writers = running && late.length > 0 ? [...new Set([...running, ...late])] : running;
    const gapMs = heartbeat.takeGapMs();
    const input = { nowMs: clock.nowMs(), goodWriteBeganMs, running: writers, gapMs };
    const step = stepGuardian(this.#state, input, timings);
    this.#state = step.state;
    if (step.state.mode === 'guarding') {
      this.#still.forget();
      lateWriters.pathIsWell();
    }
    if (step.why !== undefined) note({ what: 'isolate', why: `${before} -> ${step.state.mode}: ${step.why}` });
    heartbeat.state = this.#slotState();
    for (const vm of step.suspend) if (running?.includes(vm)) this.#suspend(vm);
    for (const vm of step.forceOff) if (running?.includes(vm)) this.#forceOff(vm);
    if (step.kickWatchdog) this.#kick(watchdog);
    if (step.storageBack) onStorageBack();
  }

  #slotState(): 'running' | 'isolated' | 'suspended' {
    const { mode } = this.#state;
    return mode === 'guarding' ? 'running' : mode === 'isolating' ? 'isolated' : 'suspended';
  }

  #kick(watchdog: Watchdog): void {
    if (!this.#armed) watchdog.arm(this.#options.timings.watchdogTimeoutMs);
    this.#armed = true;
    watchdog.kick();
  }

  /** Everything that may write now or later. A call that ends while the hypervisor lists is in what was under way before. */
  async #running(): Promise<readonly VmId[] | undefined> {
    const { hypervisor, underWay, clock, timings, isSettled } = this.#options;
    if (!isSettled()) return undefined;
    const before = underWay.vms;
    try {
      const copies = await within(clock, listDeadlineMs(timings), 'the hypervisor', hypervisor.list());
      return this.#still.mayWrite(copies, [...before, ...underWay.vms]);
    } catch (error) {
      this.#options.onError(error);
      return undefined;
    }
  }

  #suspend(vm: VmId): void {
    if (this.#still.suspend(vm)) this.#options.note({ what: 'suspend', vm, why: 'own storage heartbeat lost (B1)' });
  }

  #forceOff(vm: VmId): void {
    if (this.#still.forceOff(vm))
      this.#options.note({ what: 'force-off', vm, why: 'did not suspend within the budget (B1)' });
  }
}

/** A busy hypervisor is no alert; a step must still come often enough to kick the watchdog. */
function listDeadlineMs({ intervalMs, watchdogTimeoutMs }: Timings): number {
  return Math.max(intervalMs * 2, watchdogTimeoutMs / 10);
}
