import { StorageUnavailable } from '#ports';
import type { SeededRandom } from '../seeded-random.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { RemoteCall } from './remote-call.ts';
import type { SimProcess } from './sim-process.ts';
import type { LateWrite, PathTrouble, SimStorageTarget } from './storage.ts';

/** How long an initiator waits for the target before it reports an error. */
const TIMEOUT_MS = 5000;

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

  constructor(options: StorageCallOptions<Result>) {
    const { target, process, time, random, act } = options;
    const { host } = process;
    const trouble = target.path(host.name);
    const thereMs = random.between(0.2, 1) + random.next() * trouble.slowMs;
    const backMs = random.between(0.2, 1) + random.next() * trouble.slowMs;
    super(process, time, { port: 'storage', thereMs, backMs, timeoutMs: TIMEOUT_MS });
    this.trouble = trouble;
    this.#options = options;
    this.#late = { host, boots: host.boots, act };
  }

  protected override reachable(): boolean {
    return this.#options.target.reachableFrom(this.#late.host);
  }

  protected override answerable(): boolean {
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
    else this.proceed();
  }

  #mayComeLate(): void {
    const { target, random, isWrite } = this.#options;
    if (isWrite && random.chance(0.5)) target.giveUp(this.#late);
  }
}
