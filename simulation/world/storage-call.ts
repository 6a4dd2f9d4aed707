import { StorageUnavailable } from '#ports';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { streamWayMs } from './link-quality.ts';
import { RemoteCall } from './remote-call.ts';
import type { SimProcess } from './sim-process.ts';
import type { LateWrite, PathTrouble, SimStorageTarget } from './storage.ts';

/** How long an initiator waits for the target before it reports an error. */
const TIMEOUT_MS = 5000;
/** Until a connection that broke is opened again and repeats what was not answered: measured with libiscsi. */
const RECONNECT_MS = [140, 580] as const;

export interface StorageCallOptions<Result> {
  readonly target: SimStorageTarget;
  readonly process: SimProcess;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly act: () => Result;
  readonly isWrite: boolean;
}

/** One request to the shared target, with whatever ails the path of its host. */
export class StorageCall<Result> extends RemoteCall<Result> {
  readonly trouble: PathTrouble;
  readonly #options: StorageCallOptions<Result>;
  readonly #late: LateWrite;
  /** Undefined: that way its packets do not get through, however often they are repeated. */
  readonly #linkThereMs: number | undefined;
  readonly #linkBackMs: number | undefined;
  #isRepeated = false;

  constructor(options: StorageCallOptions<Result>) {
    const { target, process, time, random, act } = options;
    const { host } = process;
    const trouble = target.path(host.name);
    const thereMs = random.between(0.2, 1) + random.next() * trouble.slowMs;
    const backMs = random.between(0.2, 1) + random.next() * trouble.slowMs + trouble.answersLateMs;
    const linkWay = () => (trouble.link === undefined ? 0 : streamWayMs(trouble.link, random));
    const [linkThereMs, linkBackMs] = [linkWay(), linkWay()];
    super(process, time, {
      ...{ port: 'storage', thereMs: thereMs + (linkThereMs ?? 0), backMs: backMs + (linkBackMs ?? 0) },
      timeoutMs: TIMEOUT_MS + trouble.answersLateMs,
    });
    this.trouble = trouble;
    this.#options = options;
    this.#late = { host, boots: host.boots, act };
    this.#linkThereMs = linkThereMs;
    this.#linkBackMs = linkBackMs;
  }

  protected override reachable(): boolean {
    return this.#linkThereMs !== undefined && this.#options.target.reachableFrom(this.#late.host);
  }

  protected override answerable(): boolean {
    if (this.#linkBackMs === undefined) return false;
    return this.#options.target.answers(this.#late.host) && !this.trouble.answersLost;
  }

  protected override act(): Result {
    const { random, act, isWrite } = this.#options;
    const { errorPercent } = this.trouble;
    if (errorPercent > 0 && random.chance(errorPercent / 100)) {
      if (isWrite && random.chance(0.5)) act();
      throw new StorageUnavailable('the target reports a failure');
    }
    return act();
  }

  protected override unavailable(): Error {
    return new StorageUnavailable(`no answer from shared storage within ${TIMEOUT_MS} ms`);
  }

  protected override lost(): void {
    this.#mayComeLate();
  }

  /** Done, and its initiator does not know: it sends the same once more when the path is back. */
  protected override unanswered(): void {
    this.#mayComeLate();
  }

  protected override arrive(): void {
    if (this.trouble.hangs) this.#options.target.hang(this);
    else if (this.#isDoneTwice()) this.#repeat();
    else this.proceed();
  }

  /** A session discards copies of packets; what it does not see is a request that was done before its connection broke. */
  #isDoneTwice(): boolean {
    const percent = this.trouble.link?.duplicatePercent ?? 0;
    return percent > 0 && !this.#isRepeated && this.#options.random.chance(percent / 100);
  }

  /** Its initiator connects again and repeats it. What that comes to is the answer: false, of a compare-and-write that had won. */
  #repeat(): void {
    const { act, random, time } = this.#options;
    this.#isRepeated = true;
    act();
    time.plan(random.between(...RECONNECT_MS), this);
  }

  #mayComeLate(): void {
    const { target, random, isWrite } = this.#options;
    if (isWrite && random.chance(0.5)) target.giveUp(this.#late);
  }
}
