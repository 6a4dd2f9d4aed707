import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { z } from 'zod';
import { type ActorSystem, createActorSystem, reply, systemClock, type Transport } from '#actors';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(3);
const PARTITIONS = 16;

/** Sleeps for an hour once told to; answers in any state. */
const sleeper = setup({}).createMachine({
  initial: 'awake',
  on: { ask: { actions: reply(() => 'here') } },
  states: { awake: { on: { sleep: 'asleep' } }, asleep: { after: { 3600000: 'awake' } } },
});

interface Host {
  readonly system: ActorSystem;
  readonly transport: Transport;
}

async function host(name: string): Promise<Host> {
  const transport = await connectJetStream({ servers: nats.urls, name, stream: 'takeover', partitions: PARTITIONS });
  const system = createActorSystem({ transport, clock: systemClock, random: () => 0.5, host: name });
  const events = z.object({ type: z.enum(['sleep', 'ask']) });
  system.register('sleeper', { machine: sleeper, version: 1, events });
  await system.start();
  return { system, transport };
}

/** Enough for every partition to have some. */
const sleepers = Array.from({ length: 200 }, (_, i) => `sleeper/${i}`);
const idle = Array.from({ length: 50 }, (_, i) => `sleeper/idle-${i}`);

function owners(hosts: Readonly<Record<string, Host>>): string[] {
  return sleepers.map((address) =>
    Object.keys(hosts)
      .filter((name) => hosts[name]?.system.owns(address))
      .join('+'),
  );
}

async function settled(hosts: Readonly<Record<string, Host>>): Promise<string[]> {
  await expect
    .poll(() => owners(hosts).every((owner) => owner !== '' && !owner.includes('+')), { timeout: 20_000 })
    .toBe(true);
  return owners(hosts);
}

test('hosts share the partitions; newcomers take only theirs; who stops or dies is replaced, with all that slept there', async () => {
  const a = await host('a');
  for (const address of sleepers) await a.system.tell(address, { type: 'sleep' });
  for (const address of [...sleepers, ...idle]) {
    await expect
      .poll(() => a.system.ask(address, { type: 'ask' }, { timeoutMs: 2_000 }).catch(() => 'asked again'), {
        timeout: 20_000,
      })
      .toBe('here');
  }
  const b = await host('b');
  const two = await settled({ a, b });
  expect(new Set(two)).toEqual(new Set(['a', 'b']));

  const c = await host('c');
  await expect.poll(() => sleepers.some((address) => c.system.owns(address)), { timeout: 20_000 }).toBe(true);
  const three = await settled({ a, b, c });
  // Whatever moved went to the newcomer: nothing was shifted between those that were there.
  for (const [i, owner] of three.entries()) if (owner !== two[i]) expect(owner).toBe('c');
  expect(new Set(three)).toEqual(new Set(['a', 'b', 'c']));

  await a.system.stop();
  await a.transport.close();
  const afterStop = await settled({ b, c });
  for (const [i, owner] of afterStop.entries()) if (three[i] !== 'a') expect(owner).toBe(three[i]);

  b.system.kill();
  await b.transport.close();
  await expect.poll(() => sleepers.every((address) => c.system.owns(address)), { timeout: 20_000 }).toBe(true);
  // Nobody told them anything: the sweep of the journals found that they wait for their timers, and left the idle ones.
  await expect.poll(() => c.system.activeActors, { timeout: 20_000 }).toBe(sleepers.length);
  expect(await c.system.ask('sleeper/idle-1', { type: 'ask' })).toBe('here');
  await c.system.stop();
  await c.transport.close();
});
