import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureMongod, type MongodFetcher } from './mongod-binary.ts';

let cache: string;
let source: Server;
let env: NodeJS.ProcessEnv;
let said: string[];
beforeEach(async () => {
  const home = await mkdtemp(join(tmpdir(), 'us-mongod-'));
  cache = join(home, 'understudy');
  source = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  const { port } = source.address() as AddressInfo; // it listens on TCP
  env = { XDG_CACHE_HOME: home, MONGOMS_DOWNLOAD_MIRROR: `http://127.0.0.1:${port}` };
  said = [];
});
afterEach(async () => {
  source.close();
  await rm(join(cache, '..'), { recursive: true, force: true });
});

const locate = `
const path = process.argv[1] + '/mongod';
console.log(require('node:fs').existsSync(path) ? path : '');`;
const get = (download: string): Promise<string> => {
  const fetcher: MongodFetcher = { locate, download, stallMs: 600 };
  return ensureMongod((line) => said.push(line), env, fetcher);
};
const write = (script: string) =>
  `require('node:fs').writeFileSync(process.argv[1] + '/mongod', ${JSON.stringify(script)}, { mode: 0o755 });`;

it('fetches it once', async () => {
  const path = await get(write('#!/bin/sh\n'));
  expect(path).toBe(join(cache, 'mongod', 'mongod'));
  expect(await get('process.exit(1)')).toBe(path);
  expect(said).toHaveLength(1);
  expect(said[0]).toContain(`from ${env.MONGOMS_DOWNLOAD_MIRROR} into`);
});

it.each([
  ['fails', "console.error('Status Code is 404'); process.exit(1)", 'Status Code is 404'],
  ['stands still', `${write('half')} setInterval(() => undefined, 1000)`, /stood still for 1 s, at 0 MB/],
  ['brings what does not run here', write('#!/bin/sh\nexit 1\n'), 'it was fetched, but does not run here'],
])('says why when the download %s, and can try again', async (_, script, why) => {
  await expect(get(script)).rejects.toThrow(why);
  expect((await readdir(cache)).filter((name) => name !== 'mongod')).toEqual([]);
  await get(write('#!/bin/sh\n'));
});

it('says at once that the source cannot be reached', async () => {
  source.close();
  await expect(get(write('#!/bin/sh\n'))).rejects.toThrow(/http:\/\/127.*cannot be reached \(.*ECONNREFUSED/);
});

it('removes what a killed attempt left, and nothing of one that is under way', async () => {
  await mkdir(join(cache, 'partial-mongod-999999999-abc'), { recursive: true });
  await mkdir(join(cache, `partial-mongod-${process.ppid}-abc`), { recursive: true });
  await get(write('#!/bin/sh\n'));
  expect(await readdir(cache)).toEqual(['mongod', `partial-mongod-${process.ppid}-abc`]);
});
