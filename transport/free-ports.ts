import { createServer, type Server } from 'node:net';

/** Somebody else listens on a port we were told to use. */
export class PortBusy extends Error {
  override readonly name = 'PortBusy';
  readonly code = 'PORT_BUSY';
  readonly retryable = false;
  readonly port: number;

  constructor(port: number) {
    super(`Port ${port} on 127.0.0.1 is in use: stop what listens there or choose another port.`);
    this.port = port;
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has no port');
  return address.port;
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });

/** `count` different free loopback ports. Held together before they are given back, so no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(closed));
  return ports;
}

/** Throws `PortBusy` when somebody has that loopback port; what the system says when it may not be used at all. */
export async function assertPortFree(port: number): Promise<void> {
  try {
    await closed(await listen(port));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') throw new PortBusy(port);
    throw error;
  }
}
