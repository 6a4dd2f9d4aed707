import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ServerKeeper } from './server-keeper.ts';

/** A server that is only a number. */
class FakeServer {
  readonly name = 'server 1';
  pid: number | undefined = 1_000_000_000; // of no process
  starts = 0;
  failures = 0;

  async start(): Promise<void> {
    this.starts += 1;
    if (this.failures-- > 0) throw new Error('its port is taken');
    this.pid = 1_000_000_000;
  }
}

let pids: string;
let server: FakeServer;
let said: string[];
let keeper: ServerKeeper;
beforeEach(() => {
  pids = mkdtempSync(join(tmpdir(), 'us-keeper-'));
  server = new FakeServer();
  said = [];
  keeper = new ServerKeeper([server], pids, (what, why) => said.push(`${what}: ${why}`));
});
afterEach(async () => {
  await keeper.stop();
  rmSync(pids, { recursive: true });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(10);
}

it('starts a killed server again and says so', async () => {
  server.pid = undefined;
  await until(() => said.length === 2);
  expect(server.starts).toBe(1);
  expect(said).toEqual(['alert: server 1 ended: starting it again', 'start: server 1 runs again']);
});

it('tries again when it does not start', async () => {
  server.failures = 1;
  server.pid = undefined;
  await until(() => said.length === 4);
  expect(said[1]).toBe('alert: server 1 does not start: its port is taken');
  expect(said[3]).toBe('start: server 1 runs again');
});

it('leaves a server down that is kept away, until it may return', async () => {
  await keeper.keepAway([server], () => {
    server.pid = undefined;
  });
  await delay(600); // two looks
  expect(server.starts).toBe(0);
  keeper.letReturn([server]);
  await until(() => server.starts === 1);
});

it('starts nothing once it was stopped', async () => {
  await keeper.stop();
  server.pid = undefined;
  await delay(600);
  expect(server.starts).toBe(0);
});
