import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { createActorSystem, systemClock, TransportUnavailable } from '#actors';
import { connectJetStream } from '../jetstream-connect.ts';
import { decodePack } from '../pack.ts';
import { serversForTests } from '../servers-for-tests.ts';
import { HostProcess } from './host-process.ts';
import { ACTORS, HOPS, holderOf } from './token-machine.ts';

const nats = serversForTests(3);
/** Seconds of kills: 12, or as many as this variable says (`npm run test:soak`: 60). */
const SECONDS = Number(process.env.UNDERSTUDY_SOAK_S ?? '12');
const TOKENS_PER_SECOND = 40;

async function client(stream: string) {
  const transport = await connectJetStream({ servers: nats.urls, name: 'client', stream, partitions: 16 });
  const system = createActorSystem({ transport, clock: systemClock, random: Math.random, host: 'client' });
  await system.start();
  return { system, transport };
}

/** Letters that hosts send in packs, as they go by; some are sent again after a refusal. */
async function packsOf(stream: string) {
  const connection = await connect({ servers: [...nats.urls] });
  const seen = { packs: 0, letters: 0 };
  connection.subscribe(`${stream}.q.p.*`, {
    callback: (_error, { data }) => {
      seen.packs += 1;
      seen.letters += decodePack(data)?.length ?? 0;
    },
  });
  return { seen, close: () => connection.close() };
}

/** What every actor booked, over all of them. */
async function booked(stream: string): Promise<Map<string, string[]>> {
  const transport = await connectJetStream({ servers: nats.urls, name: 'auditor', stream, partitions: 16 });
  const found = new Map<string, string[]>();
  for (let partition = 0; partition < transport.partitions; partition += 1) {
    for (const { address, body } of await transport.sweep(partition)) {
      found.set(address, JSON.parse(body).snapshot.context.booked);
    }
  }
  await transport.close();
  return found;
}

/** Kills and pauses hosts at random, and servers one at a time when told so; then compares all ledgers with what was sent. */
async function soak(stream: string, killServers: boolean): Promise<void> {
  const { system, transport } = await client(stream);
  const { seen, close } = await packsOf(stream);
  const hosts = ['h1', 'h2', 'h3'].map((name) => new HostProcess(name, nats.urls, stream));
  for (const host of hosts) host.start();
  const certain: string[] = [];
  const unknown: string[] = [];
  const send = async (name: string): Promise<void> => {
    try {
      await system.tell(holderOf(name, 0), { type: 'token', token: name, hop: 0 });
      certain.push(name);
    } catch (error) {
      if (!(error instanceof TransportUnavailable)) throw error;
      unknown.push(name);
    }
  };
  await expect.poll(() => hosts.every((host) => host.said('started')), { timeout: 30_000 }).toBe(true);
  let over = false;
  let kills = 0;
  let pauses = 0;
  let servers = 0;
  const killing = (async () => {
    while (!over) {
      await wait(200 + Math.random() * 800);
      const host = hosts[Math.floor(Math.random() * hosts.length)];
      if (host === undefined) throw new RangeError('no host');
      if (killServers && Math.random() < 0.2) {
        const server = nats.cluster.servers[Math.floor(Math.random() * 3)];
        servers += 1;
        await server?.kill('SIGKILL');
        await wait(500 + Math.random() * 2_500);
        await server?.start();
        // The next one only once this one serves again, or there is no majority for long.
        await wait(4_000);
      } else if (Math.random() < 0.25) {
        pauses += 1;
        await host.kill('SIGSTOP');
        await wait(500 + Math.random() * 2_000);
        await host.kill('SIGCONT');
      } else {
        kills += 1;
        await host.kill('SIGKILL');
        await wait(Math.random() * 800);
        host.start();
      }
    }
  })();
  const sending: Promise<void>[] = [];
  for (let n = 0; n < SECONDS * TOKENS_PER_SECOND; n += 1) {
    sending.push(send(`t${n}`));
    await wait(1_000 / TOKENS_PER_SECOND);
  }
  over = true;
  await Promise.all([killing, ...sending]);

  const expected = (names: readonly string[]): string[] =>
    names.flatMap((name) => Array.from({ length: HOPS + 1 }, (_, hop) => `${holderOf(name, hop)} ${name}/${hop}`));
  const actual = async (): Promise<string[]> =>
    [...(await booked(stream))].flatMap(([address, entries]) => entries.map((entry) => `${address} ${entry}`));
  const least = expected(certain);
  await expect
    .poll(
      async () => {
        const there = new Set(await actual());
        return least.filter((each) => !there.has(each));
      },
      { timeout: 90_000, interval: 1_000 },
    )
    .toEqual([]);
  const found = await actual();
  expect(new Set(found).size, 'something was booked twice').toBe(found.length);
  const allowed = new Set([...least, ...expected(unknown)]);
  expect(found.filter((each) => !allowed.has(each))).toEqual([]);
  expect(kills + pauses + servers).toBeGreaterThan(SECONDS / 6);
  expect(seen.letters, 'few steps sent in packs').toBeGreaterThan(found.length / 10);
  const actors = (await booked(stream)).size;
  console.log(
    `${certain.length} tokens over ${actors} of ${ACTORS} actors, ${found.length} bookings, ${kills} kills, ${pauses} pauses, ${servers} servers killed, ${unknown.length} sends of unknown outcome, ${seen.letters} letters in ${seen.packs} packs`,
  );
  await Promise.all(hosts.map((host) => host.kill('SIGKILL')));
  await system.stop();
  await transport.close();
  await close();
}

test(`1,000 actors, three host processes killed and paused at random for ${SECONDS} s: nothing lost, nothing twice`, async () => {
  await soak('soak', false);
}, 300_000);

test.skipIf(process.env.UNDERSTUDY_SOAK_S === undefined)(
  'the same while the servers are killed too, one after the other',
  () => soak('soak-servers', true),
  300_000,
);
test('a host paused for 10 s between transition and commit is refused when it wakes, and takes nothing twice', async () => {
  const stream = 'paused';
  const { system, transport } = await client(stream);
  const sleeper = new HostProcess('sleeper', nats.urls, stream, '--pause');
  sleeper.start();
  await expect.poll(() => sleeper.said('started'), { timeout: 30_000 }).toBe(true);
  await system.tell('ledger/sleepy', { type: 'pause' });
  await expect.poll(() => sleeper.said('pausing'), { timeout: 10_000 }).toBe(true);
  const pausedMs = performance.now();
  // What the sleeper holds in memory when it sleeps is followed by more than an actor remembers.
  const other = new HostProcess('other', nats.urls, stream);
  other.start();
  for (let n = 0; n < 100; n += 1) {
    await system.tell('ledger/sleepy', { type: 'token', token: `p${n}`, hop: HOPS });
  }
  const state = async () => (await system.inspect('ledger/sleepy'))?.snapshot.context;
  const whole = { pauses: 1, booked: Array.from({ length: 100 }, (_, n) => `p${n}/${HOPS}`) };
  await expect.poll(state, { timeout: 20_000 }).toEqual(whole);
  await wait(Math.max(0, 10_000 - (performance.now() - pausedMs)));
  await sleeper.kill('SIGCONT');
  await expect.poll(() => sleeper.said('refused'), { timeout: 10_000 }).toBe(true);
  expect(sleeper.lines.find((line) => 'refused' in line)).toMatchObject({
    refused: 'ledger/sleepy',
    code: 'STALE_COMMIT',
    body: expect.stringContaining('"type":"pause"'),
  });
  // Both hosts live now; the partition goes back to the sleeper (its share by name), the actor goes on, and still holds
  // each message once.
  await system.tell('ledger/sleepy', { type: 'token', token: 'last', hop: HOPS });
  await expect.poll(state, { timeout: 20_000 }).toEqual({ ...whole, booked: [...whole.booked, `last/${HOPS}`] });
  expect((await system.inspect('ledger/sleepy'))?.host).toBe('sleeper');
  await Promise.all([sleeper.kill('SIGKILL'), other.kill('SIGKILL')]);
  await system.stop();
  await transport.close();
}, 120_000);
