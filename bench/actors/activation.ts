import { randomInt } from 'node:crypto';
import { assign, setup } from 'xstate';
import { z } from 'zod';
import { createActorSystem, reply, systemClock, type Transport } from '#actors';
import { connectJetStream, type NatsCluster } from '../../transport/mod.ts';
import { rateOf } from './rate.ts';

/** Waits for an hour once told to: an actor that must be in memory. Answers questions. */
const sleeper = setup({
  types: { context: {} as { padding: string; asked: number } },
}).createMachine({
  context: () => ({ padding: 'x'.repeat(800), asked: 0 }),
  initial: 'awake',
  on: {
    ask: { actions: [assign({ asked: ({ context }) => context.asked + 1 }), reply(({ context }) => context.asked)] },
  },
  states: { awake: { on: { sleep: 'asleep' } }, asleep: { after: { 3600000: 'awake' } } },
});

function host(transport: Transport, name: string) {
  const random = (): number => randomInt(2 ** 32) / 2 ** 32;
  const onAlert = (alert: { code: string; text: string }): void => console.error(`!! ${alert.code} ${alert.text}`);
  const system = createActorSystem({ transport, clock: systemClock, random, host: name, onAlert });
  const events = z.object({ type: z.enum(['sleep', 'ask']) });
  system.register('sleeper', { machine: sleeper, version: 1, events });
  return system;
}

/** A start of a host that takes over everything: milliseconds until all actors with a timer are in memory. */
export async function activation(cluster: NatsCluster, actors: number): Promise<number> {
  const connect = () => connectJetStream({ servers: cluster.urls, name: 'bench', stream: 'activation' });
  const first = await connect();
  const maker = host(first, 'maker');
  await maker.start();
  for (let from = 0; from < actors; from += 1_000) {
    const some = Array.from({ length: Math.min(1_000, actors - from) }, (_, i) => `sleeper/${from + i}`);
    await Promise.all(some.map((address) => maker.tell(address, { type: 'sleep' })));
  }
  // Answered last: then it took all before it, and so did the others but for a few.
  await Promise.all(
    Array.from({ length: actors }, (_, i) => maker.ask(`sleeper/${i}`, { type: 'ask' }, { timeoutMs: 60_000 })),
  );
  await maker.stop();
  await first.close();
  const second = await connect();
  const taker = host(second, 'taker');
  const begin = performance.now();
  await taker.start();
  while (taker.activeActors < actors) await new Promise((resolve) => setImmediate(resolve));
  const milliseconds = performance.now() - begin;
  await taker.stop();
  await second.close();
  return milliseconds;
}

/** An idle actor's answer to a question, one at a time: milliseconds. */
export async function idleAsk(cluster: NatsCluster, questions: number): Promise<{ p50: number; p99: number }> {
  const transport = await connectJetStream({ servers: cluster.urls, name: 'bench', stream: 'ask' });
  const system = host(transport, 'bench');
  await system.start();
  await system.ask('sleeper/1', { type: 'ask' });
  const durations: number[] = [];
  for (let i = 0; i < questions; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const begin = performance.now();
    await system.ask('sleeper/1', { type: 'ask' });
    durations.push(performance.now() - begin);
  }
  await system.stop();
  await transport.close();
  return rateOf(durations, 1);
}

function answers(system: ReturnType<typeof host>, address: string): Promise<boolean> {
  return system.ask(address, { type: 'ask' }, { timeoutMs: 250 }).then(
    () => true,
    () => false,
  );
}

export interface Takeover {
  /** Milliseconds until the other host answered for the actors of the one that went. */
  readonly p50: number;
  readonly max: number;
  readonly actors: number;
}

/** One of two hosts stops, or dies without a word, and everything it served is asked for at that moment. */
export async function takeover(cluster: NatsCluster, how: 'stop' | 'kill'): Promise<Takeover> {
  const connect = () => connectJetStream({ servers: cluster.urls, name: 'bench', stream: `takeover-${how}` });
  const [oneTransport, otherTransport] = await Promise.all([connect(), connect()]);
  const [one, other] = [host(oneTransport, 'one'), host(otherTransport, 'other')];
  await Promise.all([one.start(), other.start()]);
  const all = Array.from({ length: 500 }, (_, i) => `sleeper/${i}`);
  await Promise.all(all.map((address) => other.ask(address, { type: 'ask' }, { timeoutMs: 30_000 })));
  while (all.some((address) => one.owns(address) === other.owns(address))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const gone = all.filter((address) => one.owns(address));
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const begin = performance.now();
  const ended = how === 'stop' ? one.stop() : Promise.resolve(one.kill()).then(() => oneTransport.close());
  const durations = await Promise.all(
    gone.map(async (address) => {
      // An answer can be lost with its host: then the question is asked again.
      while (!(await answers(other, address))) if (performance.now() - begin > 30_000) break;
      return performance.now() - begin;
    }),
  );
  await ended;
  if (how === 'stop') await oneTransport.close();
  await other.stop();
  await otherTransport.close();
  durations.sort((a, b) => a - b);
  return { p50: durations[durations.length >> 1] ?? 0, max: durations.at(-1) ?? 0, actors: gone.length };
}
