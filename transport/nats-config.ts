import { join } from 'node:path';

/** What one server of a loopback cluster listens on. */
export interface NatsPorts {
  readonly client: number;
  readonly cluster: number;
}

/**
 * Configuration text of server `index` of a loopback cluster. `sync_interval: always`: an acknowledged write is on disk
 * on a majority, so it survives a power cut and not only a killed process.
 */
export function natsConfig(index: number, ports: readonly NatsPorts[], folder: string): string {
  const own = ports[index];
  if (own === undefined) throw new RangeError(`no ports for server ${index}`);
  const routes = ports.map((port) => `nats://127.0.0.1:${port.cluster}`).join(', ');
  const cluster = `cluster { name: understudy, listen: "127.0.0.1:${own.cluster}", routes: [${routes}] }`;
  return [
    `server_name: nats-${index + 1}`,
    `listen: "127.0.0.1:${own.client}"`,
    `jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))}, sync_interval: always }`,
    ports.length > 1 ? cluster : '',
    '',
  ].join('\n');
}
