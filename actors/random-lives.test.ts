import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { readEnvelope } from './envelope.ts';
import { ANY_EVENT } from './host-for-tests.ts';
import {
  type Address,
  createActorSystem,
  MemoryServer,
  MemoryTransport,
  type SpawnIntent,
  sleep,
  spawnChild,
  stopChild,
  systemClock,
  type TellIntent,
  tell,
} from './mod.ts';

/** A repeatable choice; what hosts make of it in real time is not repeatable. */
function chooser(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  return { chance: (share: number) => next() < share, below: (n: number) => Math.floor(next() * n) };
}

const ACTORS = 12;
const CHILDREN = 6;
const ALL = [...Array(ACTORS).keys()].map((i) => `a/${i}`).concat([...Array(CHILDREN).keys()].map((i) => `a/c${i}`));

/** Does what its events say: sends on, spawns, stops, fails now and then, ends. */
function machineFor({ chance }: ReturnType<typeof chooser>) {
  return createMachine({
    initial: 'on',
    states: {
      on: {
        on: {
          go: {
            guard: ({ event }) => {
              if (event.poison === true && chance(0.7)) throw new Error('poison');
              return true;
            },
            actions: [
              tell(({ event }) => event.next as TellIntent[]),
              spawnChild(({ event }) => event.spawn as SpawnIntent[]),
              stopChild(({ event }) => event.stop as string[]),
            ],
          },
          end: 'off',
        },
        after: { 50: { actions: () => {} } },
      },
      off: { type: 'final' },
    },
  });
}

for (const atomicOutgoing of [true, false]) {
  test(`hosts that die all the time, actors that end, fail and spawn: each message once, no orphan, nothing left (atomic: ${atomicOutgoing})`, async () => {
    const choose = chooser(atomicOutgoing ? 4 : 7);
    const { chance, below } = choose;
    const server = new MemoryServer({ clock: systemClock, partitions: 4, atomicOutgoing, historyDepth: 1_000_000 });
    const machine = machineFor(choose);
    let lives = 0;
    const start = async (host: string) => {
      const transport = new MemoryTransport(server);
      lives += 1;
      const system = createActorSystem({
        ...{ transport, clock: systemClock, host, random: Math.random },
        membership: { joinMs: 5, aliveEveryMs: 20, deadAfterMs: 100, sweepEveryMs: 300 },
        limits: { failure: { firstMs: 1, maxMs: 3 }, unavailable: { firstMs: 1, maxMs: 5 }, handBackMs: 3, idleMs: 50 },
      });
      system.register('a', { machine, version: 1, events: ANY_EVENT, onError: { maxFailures: 2 } });
      await system.start();
      return { host, system, transport };
    };
    const hosts = await Promise.all(['n1', 'n2', 'n3'].map(start));
    const system = () => hosts[below(hosts.length)]?.system ?? expect.unreachable();
    const anyActor = (childShare: number) => (chance(childShare) ? `a/c${below(CHILDREN)}` : `a/${below(ACTORS)}`);
    let made = 0;
    const event = (depth: number): TellIntent['event'] => {
      made += 1;
      const n = made;
      const next = Array.from({ length: depth > 0 ? below(3) : 0 }, () => ({
        to: anyActor(0),
        event: event(depth - 1),
      }));
      const spawn = chance(0.15) ? [{ address: `a/c${below(CHILDREN)}` }] : [];
      const stop = chance(0.1) ? [`a/c${below(CHILDREN)}`] : [];
      return { type: 'go', n, next, spawn, stop, poison: chance(0.05) };
    };
    const must = new Set<unknown>();
    const release = async () => {
      for (const each of ALL) if ((await system().inspect(each))?.status === 'parked') await system().release(each);
    };
    const untilMs = systemClock.nowMs() + 3_000;
    while (systemClock.nowMs() < untilMs) {
      const what = below(1_000);
      if (what < 900) {
        const sent = event(2);
        await system().tell(anyActor(0.2), sent);
        must.add(sent.n);
      } else if (what < 915) await system().stopActor(anyActor(0.3));
      else if (what < 930) await system().tell(anyActor(0.3), { type: 'end' });
      else if (what < 960) await system().spawn(anyActor(0));
      else if (what < 985) {
        const at = below(hosts.length);
        const dying = hosts[at] ?? expect.unreachable();
        dying.system.kill();
        await dying.transport.close();
        hosts[at] = await start(dying.host);
      } else await release();
      if (chance(0.2)) await sleep(systemClock, below(5));
    }
    const waiting = () => [0, 1, 2, 3].reduce((sum, partition) => sum + server.mailbox(partition).size, 0);
    const settled = async () => {
      await release();
      return waiting();
    };
    await expect.poll(settled, { timeout: 15_000, interval: 50 }).toBe(0);
    expect(lives).toBeGreaterThan(5);
    const last = (of: string | undefined) => {
      const entry = of === undefined ? undefined : server.latest(of as Address);
      return entry === undefined ? undefined : readEnvelope(entry);
    };
    const taken = new Map<unknown, number>();
    for (const each of ALL) {
      for (const { cause, outcome } of server.history(each as Address, 1_000_000).map(readEnvelope)) {
        if (cause.event.type !== 'go' || outcome === 'failed') continue;
        taken.set(cause.event.n, (taken.get(cause.event.n) ?? 0) + 1);
        if (outcome === 'handled') for (const { event } of cause.event.next as TellIntent[]) must.add(event.n);
      }
    }
    expect([...taken].filter(([, times]) => times > 1)).toEqual([]);
    expect([...must].filter((n) => !taken.has(n))).toEqual([]);
    const supervised = ALL.flatMap((child) => {
      const step = last(child);
      return step?.status === 'active' && step.parent !== undefined && step.unborn !== true
        ? [[child, step.parent]]
        : [];
    });
    const unheld = supervised.filter(([child = '', parent]) => last(parent)?.children?.[child] === undefined);
    expect(unheld, 'alive, and its supervisor ended or does not know it').toEqual([]);
    await Promise.all(hosts.map((each) => each.system.stop()));
  }, 40_000);
}
