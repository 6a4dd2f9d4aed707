import type { AnyEventObject } from 'xstate';
import { z } from 'zod';
import { address, kindOf } from './address.ts';
import type { Alert } from './alert.ts';
import { Asking } from './asking.ts';
import { callSafely } from './call-safely.ts';
import { checkEvent } from './check-event.ts';
import type { Clock } from './clock.ts';
import { isControl } from './control.ts';
import type { CyclePoint } from './cycle-point.ts';
import { type StepRecord, stepRecord } from './envelope.ts';
import { InvalidSettings, MalformedEvent, SystemStopped, UnknownKind } from './errors.ts';
import { freshStart } from './fresh-start.ts';
import type { HostContext } from './host-context.ts';
import { KnownPartitions } from './known-partitions.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { DEFAULT_MEMBERSHIP } from './membership.ts';
import { Ownership, type OwnershipOptions } from './ownership.ts';
import { registeredKind } from './registered-kind.ts';
import type { Kind, KindOptions } from './registration.ts';
import { RESERVED } from './reserved.ts';
import { assertSerialisable } from './serialisable.ts';
import { assertCount, assertParts, assertSettings, assertTimeout } from './settings.ts';
import type { Address, DeadLetter, Transport } from './transport.ts';

export interface ActorSystemOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** From 0 up to, not including, 1; different on each host and each time it starts: ids of messages are made of it. */
  readonly random: () => number;
  /** Unique among the live hosts (letters, digits, `-`, `_`); also the name under which this host's own messages go out. */
  readonly host: string;
  readonly onAlert?: (alert: Alert) => void;
  readonly limits?: Partial<Limits>;
  readonly membership?: Partial<OwnershipOptions>;
  /**
   * `servers` (default): where the servers can schedule messages, a timer does not begin again when another host takes its
   * actor over; their clocks decide then, so a server's clock set forward ends it early. `own`: no clock but the hosts' own
   * monotonic ones ever ends a timer; a takeover restarts what was left.
   */
  readonly timers?: 'servers' | 'own';
  /** For tests: called when a part of the cycle is done. May call `kill`. */
  readonly onCyclePoint?: (point: CyclePoint, address: Address) => void;
}

export interface AskOptions {
  /** Default 5,000. */
  readonly timeoutMs?: number;
}

/** Runs XState machines as durable actors on one host. */
export class ActorSystem {
  readonly host: string;
  readonly #transport: Transport;
  readonly #partitions: KnownPartitions;
  readonly #context: HostContext;
  readonly #kinds = new Map<string, Kind>();
  readonly #ownership: Ownership;
  readonly #asking: Asking;
  #state: 'new' | 'running' | 'stopped' = 'new';

  constructor(options: ActorSystemOptions) {
    assertParts(options);
    this.host = options.host;
    this.#transport = options.transport;
    this.#partitions = new KnownPartitions(options.transport.partitions);
    const { transport, clock, random, host } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const ownership = { ...DEFAULT_MEMBERSHIP, sweepEveryMs: 30_000, ...options.membership };
    assertSettings(limits, ownership);
    if (!transport.boundedRedelivery) limits.sendersRemembered = Number.POSITIVE_INFINITY;
    const life = Math.floor(random() * 2 ** 40).toString(36);
    let count = 0;
    this.#context = {
      host,
      transport,
      clock,
      random,
      limits,
      wakeFromMs: transport.schedules && options.timers !== 'own' ? limits.scheduledFromMs : undefined,
      alert: (alert) => {
        // A listener that fails must not stop the actor it is told about.
        callSafely(
          () => options.onAlert?.(alert),
          (error) => console.error('onAlert failed', error, alert),
        );
      },
      kindFor: (of) => this.#kind(of),
      kindOf: (of) => this.#kinds.get(kindOf(of)),
      freshId: () => `${host}-${life}-${++count}`,
      onCyclePoint: options.onCyclePoint ?? (() => {}),
    };
    transport.onAlert?.(this.#context.alert);
    this.#ownership = new Ownership(this.#context, life, ownership);
    this.#asking = new Asking(transport.bus, clock, `${host}-${life}`, (of) => this.inspect(of));
  }

  /** Before `start`, else `InvalidSettings`; so for what cannot run. All hosts register the same kinds; a system that registers none is a client and runs no actors. */
  register(kind: string, options: KindOptions): void {
    address(`${kind}/probe`);
    if (this.#state !== 'new') throw new InvalidSettings(`kind ${kind} comes too late: register before start()`);
    if (this.#kinds.has(kind)) throw new InvalidSettings(`kind ${kind} is registered already`);
    this.#kinds.set(kind, registeredKind(kind, options, this.#context.limits.microsteps));
  }

  /**
   * Joins the other hosts and takes a share of the partitions. Resolves when that share takes messages. Throws
   * `HostNameTaken` when a live process has this host's name; nothing was taken then.
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new SystemStopped('an actor system starts once');
    this.#state = 'running';
    this.#asking.start();
    if (this.#kinds.size === 0) return; // a client: it must not take partitions whose actors it cannot run
    try {
      await this.#ownership.start();
    } catch (error) {
      this.kill();
      throw error;
    }
  }

  /** Hands the partitions over and says goodbye. The transport stays open: it is its maker's. */
  async stop(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'stopped';
    this.#asking.stop();
    await this.#ownership.stop();
  }

  /** Stops between two instructions, as a host dies: no goodbye, nothing finished. For tests. */
  kill(): void {
    this.#state = 'stopped';
    this.#asking.stop();
    this.#ownership.halt();
  }

  /**
   * Resolves when the event is durably in the actor's mailbox. Throws `InvalidAddress`, `UnknownKind`, `MalformedEvent`,
   * `NotSerialisable`, `MailboxFull`, `TransportUnavailable` (it may have arrived). A client knows no kinds and schemas:
   * there the receiver refuses what does not fit.
   */
  async tell(to: string, event: AnyEventObject): Promise<void> {
    await this.#deliver(this.#checked(to, event), event);
  }

  /** Waits for the actor's `reply`. Throws as `tell`, and `RequestTimeout`, `NotAnswered`, `SystemStopped` (before `start` too). The event itself is durable. */
  async ask(to: string, event: AnyEventObject, options: AskOptions = {}): Promise<unknown> {
    if (this.#state === 'new') throw new SystemStopped('an answer is heard only after start()');
    const timeoutMs = options.timeoutMs ?? 5_000;
    assertTimeout('timeoutMs', timeoutMs);
    const target = this.#checked(to, event);
    const id = this.#context.freshId();
    return this.#asking.ask({
      id,
      to: target,
      what: `${event.type} to ${target}`,
      timeoutMs,
      send: (replyTo) => this.#deliver(target, event, id, replyTo),
    });
  }

  /** Makes the actor if it does not exist. Resolves when that is certain to happen. */
  async spawn(to: string, input?: unknown): Promise<void> {
    assertSerialisable(input, 'input');
    await this.#deliver(this.#target(to), { type: 'actor.spawn', input });
  }

  /** Ends the actor: its timers and effects stop. Its history stays. */
  async stopActor(to: string): Promise<void> {
    await this.#deliver(this.#target(to), { type: 'actor.stop' });
  }

  /** Lets a parked actor go on from its last commit. */
  async release(to: string): Promise<void> {
    await this.#deliver(this.#target(to), { type: 'actor.release' });
  }

  /**
   * Makes the actor as if it had never been, also one whose journal nothing can read: its state and what it waited for are
   * lost, what waits in its mailbox makes it anew. Returns whether there was one. Throws `StaleCommit` when it moved just now.
   */
  async forget(of: string): Promise<boolean> {
    const target = this.#target(of);
    const last = await this.#transport.latest(target);
    if (last === undefined) return false;
    const before = (await this.#transport.history(target, 64)).filter(({ sequence }) => sequence < last.sequence);
    const body = freshStart([...before, last], this.host);
    const commitId = this.#context.freshId();
    await this.#transport.commit({
      ...{ address: target, expectedSequence: last.sequence, commitId, body, outgoing: [] },
    });
    return true;
  }

  /** The actor's last committed step; undefined if it never existed. Throws `TransportUnavailable`. */
  async inspect(of: string): Promise<StepRecord | undefined> {
    const entry = await this.#transport.latest(address(of));
    return entry === undefined ? undefined : stepRecord(entry);
  }

  /** Its last steps, oldest first. */
  async history(of: string, limit = 64): Promise<readonly StepRecord[]> {
    const target = address(of);
    assertCount('limit', limit);
    return limit < 1 ? [] : (await this.#transport.history(target, limit)).map(stepRecord);
  }

  /** The last messages that no actor took, with the reason; at most `limit`, oldest first. */
  async deadLetters(limit = 100): Promise<readonly DeadLetter[]> {
    assertCount('limit', limit);
    return limit < 1 ? [] : this.#transport.deadLetters(limit);
  }

  /** Calls back for every step committed from now on by actors of these kinds. Throws `UnknownKind`, `InvalidAddress`. */
  async watch(kinds: readonly string[], listener: (record: StepRecord) => void): Promise<() => void> {
    if (kinds.length === 0) throw new UnknownKind('watch() needs at least one kind');
    for (const kind of kinds) this.#target(`${kind}/any`);
    return this.#transport.watch(kinds, (entry) => {
      callSafely(
        () => listener(stepRecord(entry)),
        (error) => this.#context.alert({ code: 'LISTENER_FAILED', address: entry.address, text: String(error) }),
      );
    });
  }

  /** Whether this host serves the actor just now. For efficiency only: two hosts may both say yes. */
  owns(of: string): boolean {
    return this.#ownership.owns(this.#partitions.of(of));
  }

  /**
   * A sign that this host lives, to be taken along by a message that its user sends to all hosts anyway, whose receivers
   * hand it to `heardOf`. While one is taken within each `aliveEveryMs`, the host says nothing of its own. Undefined until
   * it has joined the others.
   */
  lifeSign(): string | undefined {
    return this.#ownership.lifeSign();
  }

  /** A message of that host brought its sign of life. */
  heardOf(host: string, lifeSign: string): void {
    this.#ownership.heardOf(host, lifeSign);
  }

  /** Hosts seen alive, this one included. */
  get hosts(): readonly string[] {
    return this.#ownership.hosts;
  }

  /** Actors in this host's memory. */
  get activeActors(): number {
    return this.#ownership.activeActors;
  }

  #kind(of: Address): Kind {
    const kind = this.#kinds.get(kindOf(of));
    if (kind !== undefined) return kind;
    const known = [...this.#kinds.keys()].join(', ');
    throw new UnknownKind(`no kind ${kindOf(of)} (${of}) is registered on host ${this.host}; registered: ${known}`);
  }

  #target(to: string): Address {
    const target = address(to);
    if (this.#kinds.size > 0) this.#kind(target);
    return target;
  }

  #checked(to: string, event: AnyEventObject): Address {
    const target = this.#target(to);
    const type: unknown = (event as unknown) === null ? undefined : event?.type; // callers without types
    if (typeof type !== 'string' || type === '')
      throw new MalformedEvent(`to ${to}: an event is an object with a type`);
    assertSerialisable(event, `event ${event.type}`);
    if (RESERVED.test(event.type)) throw new MalformedEvent(`${event.type} is the runtime's own`);
    const refusal = this.#kinds.size === 0 ? undefined : checkEvent(this.#kind(target), event).refusal;
    if (refusal instanceof z.ZodError) throw new MalformedEvent(`${type} to ${target}: ${z.prettifyError(refusal)}`);
    if (refusal !== undefined) throw new MalformedEvent(`${type} to ${target}: ${refusal.message}`);
    return target;
  }

  async #deliver(to: Address, event: AnyEventObject, id = this.#context.freshId(), replyTo?: string): Promise<void> {
    if (this.#state === 'stopped') throw new SystemStopped('the actor system was stopped');
    const from = `external:${this.host}`;
    const message = { id, to, from, event, ...(replyTo === undefined ? {} : { replyTo }) };
    await this.#transport.deliver(isControl(event) ? { ...message, urgent: true } : message);
  }
}

/** Makes a host of durable actors; `register` kinds, then `start`. */
export function createActorSystem(options: ActorSystemOptions): ActorSystem {
  return new ActorSystem(options);
}
