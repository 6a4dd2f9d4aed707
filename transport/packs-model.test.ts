import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Host } from './packs-model-host.ts';
import { PARTITIONS, type Random, randomOf, Store } from './packs-model-store.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const HOSTS = 3;

function pick<T>(from: Iterable<T>, random: Random): T | undefined {
  const all = [...from];
  return all[random(Math.max(1, all.length))];
}

/** Several hosts at random: they come, go, die, share partitions; news is lost; actors park; packs go to whom they should not. */
class Run {
  readonly store: Store;
  readonly hosts: Host[];
  readonly #random: Random;
  readonly #senders: number;
  readonly #receivers: number;
  sent = 0;
  packs = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed);
    // The last is one that forgets.
    const [senders, receivers] = (
      [
        [3, 6],
        [40, 6],
        [900, 1],
      ] as const
    )[seed % 3] ?? [3, 6];
    this.#senders = senders;
    this.#receivers = receivers;
    this.store = new Store(this.#random);
    this.hosts = Array.from({ length: HOSTS }, () => new Host(this.store));
    for (let partition = 0; partition < PARTITIONS; partition += 1) this.#host().join(partition);
  }

  #host(): Host {
    const host = pick(this.hosts, this.#random);
    if (host === undefined) throw new Error('no host');
    return host;
  }

  chance(): void {
    const random = this.#random;
    const kind = random(100);
    const host = this.#host();
    const member = pick(host.members, random);
    if (kind < 12) this.#send(host);
    else if (kind < 40) for (let n = random(8); n > 0; n -= 1) member?.read();
    else if (kind < 70) for (let n = random(12); n > 0; n -= 1) member?.step(false);
    else if (kind < 77) member?.readLate();
    else if (kind < 78) member?.lookThrough();
    else if (kind < 86) this.store.serve();
    else if (kind < 92) this.store.hear();
    else if (kind < 96) vi.advanceTimersByTime(250);
    else this.#upset(host);
  }

  #upset(host: Host): void {
    const random = this.#random;
    const member = pick(host.members, random);
    const actor = pick(this.store.actors, random);
    const kind = random(10);
    if (kind < 3) host.join(random(PARTITIONS));
    else if (kind < 5 && member !== undefined) host.leave(member);
    else if (kind < 7) {
      member?.step(true);
      host.die();
      this.hosts[this.hosts.indexOf(host)] = new Host(this.store);
    } else if (actor !== undefined) actor.parked = !actor.parked;
  }

  #send(host: Host): void {
    const random = this.#random;
    const letters = Array.from({ length: 1 + random(12) }, () => {
      const to = this.store.actors[random(this.#receivers)];
      if (to === undefined) throw new Error('no actor');
      return this.store.letter(to, this.#senders);
    });
    this.sent += letters.length;
    const anyway = random(3) === 0;
    const may = new Map(letters.map(({ partition }) => [partition, anyway || host.sweeper.mayPack(partition)]));
    const packed = letters.filter(({ partition }) => may.get(partition) === true);
    for (const letter of letters) if (may.get(letter.partition) !== true) this.store.store(false, [letter]);
    if (packed.length > 0) this.store.store(true, packed);
    if (packed.length > 0) this.packs += 1;
  }

  /** Nothing disturbs any more: every partition has a host, news arrives, nobody is parked. */
  calm(): void {
    this.store.reliable = true;
    for (const actor of this.store.actors) actor.parked = false;
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      if (!this.hosts.some(({ members }) => [...members].some((each) => each.partition === partition)))
        this.#host().join(partition);
    }
    for (let round = 0; round < 60; round += 1) {
      for (const { members } of this.hosts) {
        for (const member of members) {
          member.lookThrough();
          for (let n = 0; n < 3_000 && (member.read() || member.readLate() || member.step(false)); n += 1);
        }
      }
      while (this.store.pending.length > 0) this.store.serve();
      vi.advanceTimersByTime(250);
      while (this.store.hasNews) this.store.hear();
    }
  }
}

const SEEDS = Number(process.env.UNDERSTUDY_MODEL_SEEDS ?? '30');

test('whatever hosts do and news is lost: no message is removed before it was taken, none is taken twice, all are taken', () => {
  let packs = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const run = new Run(seed);
    try {
      for (let n = 0; n < 2_500; n += 1) run.chance();
      run.calm();
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    const { log, taken } = run.store;
    expect(taken.size, `taken with seed ${seed}`).toBe(run.sent);
    expect(log.filter(({ isStored }) => isStored).length, `stored with seed ${seed}`).toBe(0);
    for (const host of run.hosts) host.die();
    packs += run.packs;
  }
  expect(packs).toBeGreaterThan(SEEDS * 50);
}, 120_000);
