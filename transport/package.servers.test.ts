import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { serversForTests } from './servers-for-tests.ts';

const nats = serversForTests(1);
const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

test('somebody else’s project uses understudy/actors and understudy/transport, as the documentation shows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-user-'));
  try {
    await mkdir(join(folder, 'node_modules'));
    // As `npm install PATH` does with a folder.
    await symlink(REPOSITORY, join(folder, 'node_modules', 'understudy'));
    for (const name of ['xstate', 'zod']) {
      await symlink(join(REPOSITORY, 'node_modules', name), join(folder, 'node_modules', name));
    }
    await writeFile(join(folder, 'package.json'), '{ "name": "outsider", "type": "module" }');
    const example = await readFile(new URL('../docs/examples/counter-on-jetstream.ts', import.meta.url), 'utf8');
    await writeFile(join(folder, 'counter.ts'), example);
    const servers = nats.urls.join(',');
    const run = promisify(execFile)(process.execPath, ['counter.ts', servers], { cwd: folder });
    expect((await run).stdout.trim().split('\n')).toEqual([
      'after three events: 3',
      'on another host: 3',
      'steps kept: 4',
    ]);
    const types = [join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc'), '--noEmit', '--ignoreConfig'];
    const flags = '--strict --module nodenext --target es2024 --allowImportingTsExtensions --skipLibCheck --types node';
    await symlink(join(REPOSITORY, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
    await promisify(execFile)(process.execPath, [...types, ...flags.split(' '), 'counter.ts'], { cwd: folder });
  } finally {
    await rm(folder, { recursive: true });
  }
});
