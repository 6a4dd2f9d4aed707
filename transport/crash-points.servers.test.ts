import { connect } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import type { Transport } from '#actors';
import { CYCLE_POINTS, crashScenario } from '../actors/crash-scenario.ts';
import { connectJetStream } from './jetstream-connect.ts';
import { packNews } from './pack-news.ts';
import { serversForTests } from './servers-for-tests.ts';

const PARTITIONS = 4;

/** Resolves when hosts have said of all partitions that they may be sent packs. */
async function untilQuick(client: Transport): Promise<void> {
  const quick = new Set<number>();
  const all = Promise.withResolvers<void>();
  const heard = client.bus.subscribe('mailboxes.packs', (payload) => {
    for (const partition of packNews.parse(payload).quick) quick.add(partition);
    if (quick.size === PARTITIONS) all.resolve();
  });
  await all.promise;
  heard();
}

describe.each([
  ['one server, outbox in the snapshot', 1],
  ['three servers, atomic batches', 3],
] as const)('a host killed at any point of the cycle: %s', (_name, servers) => {
  const nats = serversForTests(servers);
  const open = (stream: string) => () =>
    connectJetStream({ servers: nats.urls, name: 'crash', stream, partitions: PARTITIONS });

  test.concurrent.each(CYCLE_POINTS)('leaves at "%s" what an undisturbed run leaves', async (point) => {
    const connection = await connect({ servers: [...nats.urls] });
    let packs = 0;
    const streams = [0, 1, 6].map((nth) => `${point}-${nth}`);
    for (const stream of streams) {
      connection.subscribe(`${stream}.q.p.*`, {
        callback: () => {
          packs += 1;
        },
      });
    }
    await connection.flush();
    const [undisturbed, ...killed] = await Promise.all([
      crashScenario(open(`${point}-0`), undefined, untilQuick),
      ...[1, 6].map((nth) => crashScenario(open(`${point}-${nth}`), { point, nth }, untilQuick)),
    ]);
    for (const run of killed) expect(run).toEqual(undisturbed);
    if (servers > 1) expect(packs, 'steps sent in packs').toBeGreaterThan(5);
    await connection.close();
  });
});
