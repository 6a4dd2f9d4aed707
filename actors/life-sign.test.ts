import { expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { Membership } from './membership.ts';
import { MemoryBus } from './memory-bus.ts';

const OPTIONS = { aliveEveryMs: 100, deadAfterMs: 360, joinMs: 10 };

/** Time that passes when it is told to, a millisecond after the other. */
class HandClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly fire: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void) {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.push(timer);
    return { cancel: () => this.#drop(timer) };
  }

  async pass(ms: number, eachMs: () => void = () => {}): Promise<void> {
    for (let left = ms; left > 0; left -= 1) {
      this.#nowMs += 1;
      for (const timer of this.#timers.filter(({ atMs }) => atMs <= this.#nowMs)) {
        this.#drop(timer);
        timer.fire();
      }
      eachMs();
      // What was published is heard in a later microtask.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #drop(timer: { readonly atMs: number }): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }
}

async function twoHosts() {
  const clock = new HandClock();
  const bus = new MemoryBus(clock);
  const saidAlive: string[] = [];
  bus.subscribe('hosts.alive', (payload) => {
    if (Reflect.get(Object(payload), 'state') === 'alive') saidAlive.push(String(Reflect.get(Object(payload), 'host')));
  });
  const doubled: string[] = [];
  const host = (name: string) =>
    new Membership({ host: name, life: `life of ${name}` }, bus, clock, OPTIONS, {
      changed: () => {},
      doubled: (text) => doubled.push(text),
    });
  const [n1, n2] = [host('n1'), host('n2')];
  const joined = Promise.all([n1.join(), n2.join()]);
  await clock.pass(20);
  await joined;
  return { clock, n1, n2, saidAlive, doubled };
}

test('a host whose sign of life is taken along says nothing of its own, and lives for who is handed the sign', async () => {
  const { clock, n1, n2, saidAlive } = await twoHosts();
  await clock.pass(1_000, () => {
    const sign = n1.lifeSign();
    if (clock.nowMs() % 100 === 0 && sign !== undefined) n2.heardOf('n1', sign);
  });
  expect(saidAlive).not.toContain('n1');
  expect(saidAlive.length).toBeGreaterThan(5); // the other goes on as ever
  expect(n2.hosts).toEqual(['n1', 'n2']);
  n1.stop();
  n2.stop();
});

test('it says so itself again as soon as nobody takes its sign along any more', async () => {
  const { clock, n1, n2, saidAlive } = await twoHosts();
  n1.lifeSign();
  await clock.pass(1_000);
  expect(saidAlive.filter((host) => host === 'n1').length).toBeGreaterThan(5);
  expect(n2.hosts).toEqual(['n1', 'n2']);
  n1.stop();
  n2.stop();
});

test('a host that has not joined has no sign of life to give: of two under one name the later one is to give way', () => {
  const clock = new HandClock();
  const host = new Membership({ host: 'n1', life: 'a' }, new MemoryBus(clock), clock, OPTIONS, {
    changed: () => {},
    doubled: () => {},
  });
  expect(host.lifeSign()).toBeUndefined();
});

test('a sign of another life under the own name tells of a double', async () => {
  const { n1, n2, doubled } = await twoHosts();
  n1.heardOf('n1', 'another life');
  expect(doubled).toHaveLength(1);
  n1.heardOf('n1', n1.lifeSign() ?? '');
  expect(doubled).toHaveLength(1);
  n1.stop();
  n2.stop();
});
