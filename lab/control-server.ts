import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { type LineHandler, LinePeer } from './line-peer.ts';

export interface ControlServer {
  close(): Promise<void>;
}

/** Listens on the lab's control socket; only this user can connect. The caller holds the lab's lock, so an old socket is dead. */
export async function startControlServer(path: string, handler: LineHandler): Promise<ControlServer> {
  rmSync(path, { force: true });
  const peers = new Set<LinePeer>();
  const server = createServer((socket) => {
    const peer = new LinePeer(socket, handler);
    peers.add(peer);
    void peer.closed.then(() => peers.delete(peer));
  });
  const mask = process.umask(0o077);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(mask);
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const peer of peers) peer.close();
      }),
  };
}
