import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installNatsServer } from './nats-install.ts';
import { ensureNatsServer } from './nats-server.ts';
import { isAtLeast, PINNED_NATS } from './nats-version.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function fakeServer(path: string, version: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}

test('versions compare by number, and an unreadable one is too old', () => {
  expect(isAtLeast('2.11.0', '2.11.0')).toBe(true);
  expect(isAtLeast('2.9.10', '2.11.0')).toBe(false);
  expect(isAtLeast('3.0.0-RC.1', '2.11.0')).toBe(true);
  expect(isAtLeast('unknown', '2.11.0')).toBe(false);
});

test('a new enough server on the PATH is used as it is', async () => {
  const path = await fakeServer(join(folder, 'bin', 'nats-server'), '2.11.4');
  const said: string[] = [];
  expect(await ensureNatsServer((line) => said.push(line), { PATH: join(folder, 'bin') })).toBe(path);
  expect(said).toEqual([]);
});

test('an old server on the PATH is refused with the reason, the cached one taken', async () => {
  await fakeServer(join(folder, 'bin', 'nats-server'), '2.9.10');
  const cached = join(folder, 'understudy', `nats-server-${PINNED_NATS}`, 'nats-server');
  await fakeServer(cached, PINNED_NATS);
  const said: string[] = [];
  const env = { PATH: join(folder, 'bin'), XDG_CACHE_HOME: folder };
  expect(await ensureNatsServer((line) => said.push(line), env)).toBe(cached);
  expect(said.join()).toMatch(/2\.9\.10, need 2\.11\.0 or newer .*two writers/);
});

test('a way that fails is said and the next one tried; nothing half done stays', async () => {
  const target = join(folder, 'cache', 'nats-server');
  const said: string[] = [];
  await installNatsServer(target, (line) => said.push(line), [
    { name: 'broken', fetch: () => Promise.reject(new Error('no network')) },
    { name: 'wrong', fetch: (into) => fakeServer(join(into, 'x'), '2.10.0') },
    { name: 'good', fetch: (into) => fakeServer(join(into, 'x'), PINNED_NATS) },
  ]);
  expect(said.join()).toMatch(/broken did not work: no network.*wrong did not work/);
  expect(await readdir(dirname(target))).toEqual(['nats-server']);
});
