import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(1);
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
/** Ours first: the example is TypeScript. */
const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
let folder = '';

const run = async (file: string, args: readonly string[], cwd = folder) =>
  (await promisify(execFile)(file, [...args], { cwd, env: { ...process.env, PATH } })).stdout.trim();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'understudy-user-'));
  // Packed from a copy: a build in the repository would be in the way of whoever uses it just now.
  const copy = join(folder, 'copy');
  const isSource = (path: string) => !/\/(node_modules|dist|\.git|\.understudy)$/.test(path);
  await cp(REPOSITORY, copy, { recursive: true, filter: isSource });
  await run('ln', ['-s', join(REPOSITORY, 'node_modules'), join(copy, 'node_modules')]);
  const [packed] = JSON.parse(await run('npm', ['pack', '--json', '--pack-destination', folder], copy));
  await rm(copy, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "name": "outsider", "type": "module" }');
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${packed.filename}`]);
}, 240_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('somebody else’s project uses the packed understudy/actors and understudy/transport, as the documentation shows', async () => {
  await cp(join(REPOSITORY, 'docs', 'examples', 'counter-on-jetstream.ts'), join(folder, 'counter.ts'));
  expect((await run('node', ['counter.ts', nats.urls.join(',')])).split('\n')).toEqual([
    'after three events: 3',
    'on another host: 3',
    'steps kept: 4',
  ]);
});

test('so does the example that needs no servers', async () => {
  const example = await readFile(join(REPOSITORY, 'actors', 'examples', 'order.ts'), 'utf8');
  await writeFile(join(folder, 'order.ts'), example.replace(`'#actors'`, `'understudy/actors'`));
  const script = `import { payAnOrder } from './order.ts'; console.log(JSON.stringify(await payAnOrder(Math.random)));`;
  await writeFile(join(folder, 'pay.ts'), script);
  expect(JSON.parse(await run('node', ['pay.ts']))).toEqual({
    shipped: ['order/1'],
    receipt: '499 cents, order/1#1.0',
  });
});

test('its types are found and hold, those of the package itself too', async () => {
  await mkdir(join(folder, 'node_modules', '@types'), { recursive: true });
  for (const name of ['node', 'undici-types']) {
    const from = join(REPOSITORY, 'node_modules', name === 'node' ? '@types/node' : name);
    await cp(from, join(folder, 'node_modules', name === 'node' ? '@types/node' : name), { recursive: true });
  }
  const tsc = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  const flags =
    '--noEmit --ignoreConfig --strict --module nodenext --target es2024 --allowImportingTsExtensions --types node';
  await run('node', [tsc, ...flags.split(' '), 'counter.ts', 'order.ts']);
  const wrong = `import { createActorSystem } from 'understudy/actors';\ncreateActorSystem({ host: 1 });\n`;
  await writeFile(join(folder, 'wrong.ts'), wrong);
  await expect(run('node', [tsc, ...flags.split(' '), 'wrong.ts'])).rejects.toMatchObject({
    stdout: expect.stringContaining('number'),
  });
});

test('its command runs: help, a simulation in workers, and a look at the servers', async () => {
  expect(await run('npx', ['understudy', '--help'])).toContain('High availability for virtual machines');
  const seeds = ['understudy', 'sim', 'fuzz', '--seeds', '2', '--hours', '0.1', '--workers', '2'];
  expect(await run('npx', seeds)).toContain('2 seeds');
  const looked = run('npx', [
    'understudy',
    'actors',
    'inspect',
    'counter/a',
    '--servers',
    nats.urls.join(','),
    '--stream',
    'counters',
  ]);
  expect(JSON.parse(await looked)).toMatchObject({ address: 'counter/a', snapshot: { context: { sum: 3 } } });
});
