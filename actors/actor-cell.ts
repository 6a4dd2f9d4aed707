import type { ActorState } from './actor-state.ts';
import { admit, doneBelow, mayBeForgotten } from './admit.ts';
import { answerLater } from './answer-later.ts';
import { backoffMs, Halted } from './backoff.ts';
import { callSafely } from './call-safely.ts';
import type { CheckedEvent } from './check-event.ts';
import { sleep } from './clock.ts';
import { commitGivingUp } from './commit-giving-up.ts';
import { type Committed, type Cycle, commitStep, type StepWork, type Work } from './commit-step.ts';
import type { CyclePoint } from './cycle-point.ts';
import { EarlyMessages } from './early-messages.ts';
import { SnapshotTooLarge, StaleCommit } from './errors.ts';
import type { HostContext } from './host-context.ts';
import { LoadedActor } from './loaded-actor.ts';
import type { Kind } from './registration.ts';
import type { Address, Delivery, JournalEntry } from './transport.ts';
import { WAKE, woken } from './wake.ts';
import { whileFull } from './while-full.ts';
import { type MessageWork, WorkQueue } from './work-queue.ts';

/** One active actor on this host: takes its messages, timers and effect results one at a time through the cycle. */
export class ActorCell {
  readonly address: Address;
  readonly #context: HostContext;
  readonly #kind: Kind;
  readonly #queue = new WorkQueue();
  readonly #actor: LoadedActor;
  readonly #early: EarlyMessages;
  /** Whom the last step sent something. */
  #receivers: readonly Address[] = [];
  #running: Promise<void> | undefined;
  #halted = false;
  #failures = 0;
  /** What is unsent takes the room that the next step needs. */
  #mustSendFirst = false;
  #idleSinceMs: number;

  /** `onGap`: a message may have got lost on the way from the mailbox to here. */
  constructor(address: Address, context: HostContext, onGap: () => void) {
    this.address = address;
    this.#early = new EarlyMessages(context, onGap);
    this.#context = context;
    this.#kind = context.kindFor(address);
    this.#idleSinceMs = context.clock.nowMs();
    this.#actor = new LoadedActor(address, context, this.#kind, {
      halted: () => this.#halted,
      onEffect: (effect, result) => this.#offer({ kind: 'effect', effect, result }),
      onRoom: () => this.#offer({ kind: 'room' }),
      onTimer: (id, timer) => this.#offer({ kind: 'timer', id, timer }),
    });
  }

  /** Milliseconds without anything to do; 0 while there is something. */
  idleMs(): number {
    const busy = this.#running !== undefined || this.#queue.keepsAny || this.#actor.isBusy;
    return busy ? 0 : this.#context.clock.nowMs() - this.#idleSinceMs;
  }

  /** Journal position this cell knows; undefined when it has to load. */
  get sequence(): number | undefined {
    return this.#actor.state?.sequence;
  }

  receive(delivery: Delivery, checked: CheckedEvent): void {
    if (this.#halted) delivery.nak(0);
    else this.#offer({ kind: 'message', delivery, checked });
  }

  /** Loads if need be and takes up timers, effects and unsent messages. */
  activate(entry: JournalEntry): void {
    this.#offer({ kind: 'wake', entry });
  }

  /** The journal moved without us: load again. */
  reload(): void {
    this.#offer({ kind: 'reload' });
  }

  /** Gives the actor up. What was not acknowledged goes back. */
  halt(): void {
    this.#halted = true;
    this.#actor.halt();
    for (const work of this.#queue.takeAll()) this.#returnMessage(work);
  }

  /** Resolves when no step is under way any more: what it commits is committed. */
  async settled(): Promise<void> {
    await this.#running;
  }

  #offer(work: Work): void {
    if (this.#halted) return;
    this.#queue.push(work);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { clock, limits } = this.#context;
    let steps = 0;
    try {
      for (let work = this.#next(); work !== undefined; work = this.#next()) {
        if (++steps % limits.stepsPerSlice === 0) await sleep(clock, 0);
        await this.#actor.untilRoom();
        if (this.#receivers.length > 0) await this.#slowDown();
        await this.#attempt(work);
      }
    } catch (error) {
      if (!(error instanceof Halted)) throw error;
    } finally {
      this.#running = undefined;
      this.#idleSinceMs = clock.nowMs();
    }
  }

  /** An actor whose step fails can be ended before that is tried again. */
  #next(): Work | undefined {
    return this.#queue.next(this.#failures > 0);
  }

  async #attempt(work: Work): Promise<void> {
    try {
      await this.#take(work);
    } catch (error) {
      if (this.#halted || error instanceof Halted) throw new Halted();
      await this.#failed(work, error);
    }
    if (this.#halted) throw new Halted();
  }

  async #slowDown(): Promise<void> {
    const receivers = this.#receivers;
    this.#receivers = [];
    await whileFull(this.#context, this.address, receivers, () => this.#halted);
  }

  async #take(work: Work): Promise<void> {
    if (work.kind === 'reload') this.#actor.forget();
    const state = await this.#actor.load(work.kind === 'wake' ? work.entry : undefined);
    if (this.#mustSendFirst) await this.#sendFirst();
    if (this.#takeKept(work)) return;
    if (work.kind === 'room') this.#actor.follow();
    if (work.kind === 'wake' || work.kind === 'reload' || work.kind === 'room') return;
    // What ends while it is parked is still in the state, and comes again once it is released.
    if (work.kind !== 'message' && state.status === 'parked') return;
    if (work.kind === 'message') {
      this.#reached('receive');
      const admission = admit(state, work.delivery);
      if (admission === 'known') {
        this.#actor.recognised(work.delivery.message);
        return work.delivery.ack(doneBelow(state, work.delivery));
      }
      if (admission === 'early') return this.#early.handBack(work.delivery);
      if (admission === 'parked') return this.#keep(work, state);
      if (work.delivery.message.event.type === WAKE) return this.#wake(work, state);
      if (await this.#wasTaken(work, state)) return work.delivery.ack();
    }
    if (work.kind === 'timer' && state.timers.get(work.id) !== work.timer) return;
    this.#finish(await commitStep(this.#cycle(state), work));
    this.#failures = 0;
    if (work.kind === 'message') this.#early.taken(work.delivery.message);
  }

  async #sendFirst(): Promise<void> {
    await this.#actor.untilSent();
    if (this.#halted) throw new Halted();
    this.#mustSendFirst = false;
  }

  /** Not remembered as taken: once its timer has ended, a wake-up that comes again finds nothing. */
  async #wake({ delivery }: MessageWork, state: ActorState): Promise<void> {
    const due = woken(state, delivery.message, this.#context.clock.nowMs());
    if (due !== undefined) {
      const { id, timer } = due;
      this.#finish(await commitStep(this.#cycle(state), { kind: 'timer', id, timer }));
      this.#failures = 0;
    }
    delivery.ack();
  }

  /**
   * The message may have been on its way, or waited here, for so long that another host took it and the state no longer says
   * so. Then it is gone from the mailbox: that was certain before the state forgot it.
   */
  async #wasTaken({ delivery }: MessageWork, state: ActorState): Promise<boolean> {
    if (!mayBeForgotten(state, delivery)) return false;
    const stored = await this.#actor.untilAvailable(() => delivery.isStored());
    if (this.#halted) throw new Halted();
    return !stored;
  }

  #keep(work: MessageWork, state: ActorState): void {
    this.#queue.keep(work);
    answerLater(this.#context, work.delivery.message, 'parked', `${this.address} is parked: ${state.parked?.reason}`);
  }

  /** Once released: what was kept comes first, `then` after it. Whether there was any. */
  #takeKept(then?: Work): boolean {
    const { state } = this.#actor;
    if (!this.#queue.keepsAny || state === undefined || state.status === 'parked') return false;
    if (then !== undefined) this.#queue.putBack(then);
    this.#queue.unkeep();
    return true;
  }

  #cycle(state: ActorState): Cycle {
    return {
      context: this.#context,
      kind: this.#kind,
      address: this.address,
      state,
      halted: () => this.#halted,
      reached: (point) => this.#reached(point),
    };
  }

  #finish(done: Committed): void {
    this.#actor.committed();
    this.#actor.send(done.unsent);
    this.#receivers = done.receivers;
    for (const call of done.calls) {
      callSafely(call, (error) => {
        this.#context.alert({ code: 'STEP_FAILED', address: this.address, text: `plain action: ${String(error)}` });
      });
    }
    this.#actor.follow();
    this.#takeKept();
    this.#reached('effect');
  }

  /** Throws `Halted` when the hook stopped this host. */
  #reached(point: CyclePoint): void {
    if (this.#halted) throw new Halted();
    this.#context.onCyclePoint(point, this.address);
    if (this.#halted) throw new Halted();
  }

  /** Loads again and tries again; after too many tries the kind's policy acts. */
  async #failed(work: Work, error: unknown): Promise<void> {
    const { clock, random, limits, alert } = this.#context;
    const loaded = this.#actor.state !== undefined;
    this.#mustSendFirst = error instanceof SnapshotTooLarge && this.#actor.unsent > 0;
    this.#actor.forget();
    if (error instanceof StaleCommit || this.#mustSendFirst) {
      this.#queue.putBack(work);
      return;
    }
    this.#failures++;
    if (!loaded) {
      this.#cannotLoad(work, error);
      return;
    }
    const text = `${this.address}: ${error instanceof Error ? error.message : String(error)}`;
    alert({ code: 'STEP_FAILED', address: this.address, text });
    if (work.kind === 'wake' || work.kind === 'reload' || work.kind === 'room') return;
    if (this.#failures >= this.#kind.onError.maxFailures) {
      await this.#giveUp(work, error);
      return;
    }
    await sleep(clock, backoffMs(limits.failure, this.#failures, random));
    if (this.#halted) this.#returnMessage(work);
    else this.#queue.putBack(work);
  }

  /** Its journal is damaged or of another version: nothing may be written. What it was sent waits in the mailbox. */
  #cannotLoad(work: Work, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (this.#failures % 10 === 1) this.#context.alert({ code: 'ACTOR_UNREADABLE', address: this.address, text });
    for (const each of [work, ...this.#queue.takeAll()]) {
      if (each.kind === 'message') answerLater(this.#context, each.delivery.message, 'unreadable', text);
      this.#returnMessage(each);
    }
  }

  #returnMessage(work: Work): void {
    if (work.kind === 'message') work.delivery.nak(this.#halted ? 0 : this.#context.limits.failure.maxMs);
  }

  async #giveUp(work: StepWork, error: unknown): Promise<void> {
    try {
      const state = await this.#actor.load();
      this.#finish(await commitGivingUp(this.#cycle(state), work, error, this.#failures));
      this.#failures = 0;
      if (state.status === 'parked' && work.kind === 'message') this.#keep(work, state);
    } catch (again) {
      if (again instanceof Halted) return; // nobody above waits for it, and the next host goes on from the journal
      const why = again instanceof Error ? again.message : String(again);
      const text = `${this.address} cannot be given up: ${why}`;
      this.#context.alert({ code: 'STEP_FAILED', address: this.address, text });
      this.#actor.forget();
      this.#queue.putBack(work); // somebody else moved the actor, or it cannot be written: once more from the start
      await sleep(this.#context.clock, this.#context.limits.failure.maxMs);
    }
  }
}
