import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type Rate, rateOf } from './rate.ts';

/** The limit: plain acknowledged 1 KB publishes to a stream of three replicas, by its leader, `width` at once. */
export async function rawPublishRate(servers: readonly string[], width: number, durationMs: number): Promise<Rate> {
  const all = await Promise.all(servers.map((server) => connect({ servers: [server], ignoreClusterUpdates: true })));
  const [any] = all;
  if (any === undefined) throw new RangeError('no servers');
  const manager = await jetstreamManager(any);
  const { cluster } = await manager.streams.add({ name: 'raw', subjects: ['raw.>'], num_replicas: servers.length });
  const connection: NatsConnection = all.find((each) => each.info?.server_name === cluster?.leader) ?? any;
  const data = new Uint8Array(1_024);
  const latencies: number[] = [];
  const begin = performance.now();
  const lanes = Array.from({ length: width }, async (_, lane) => {
    while (performance.now() - begin < durationMs) {
      const sent = performance.now();
      await connection.request(`raw.${lane}`, data, { timeout: 5_000 });
      latencies.push(performance.now() - sent);
    }
  });
  await Promise.all(lanes);
  const rate = rateOf(latencies, performance.now() - begin);
  await manager.streams.delete('raw');
  await Promise.all(all.map((each) => each.close()));
  return rate;
}
