import { describe, expect, test } from 'vitest';
import { CYCLE_POINTS, crashScenario } from '../actors/crash-scenario.ts';
import { connectJetStream } from './jetstream-connect.ts';
import { serversForTests } from './servers-for-tests.ts';

describe.each([
  ['one server, outbox in the snapshot', 1],
  ['three servers, atomic batches', 3],
] as const)('a host killed at any point of the cycle: %s', (_name, servers) => {
  const nats = serversForTests(servers);
  const open = (stream: string) => () => connectJetStream({ servers: nats.urls, name: 'crash', stream, partitions: 4 });

  test.concurrent.each(CYCLE_POINTS)('leaves at "%s" what an undisturbed run leaves', async (point) => {
    const [undisturbed, ...killed] = await Promise.all([
      crashScenario(open(`${point}-0`)),
      ...[1, 6].map((nth) => crashScenario(open(`${point}-${nth}`), { point, nth })),
    ]);
    for (const run of killed) expect(run).toEqual(undisturbed);
  });
});
