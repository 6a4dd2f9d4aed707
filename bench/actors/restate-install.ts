import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachedFolder } from '../../setup/cache.ts';

const VERSIONS = {
  '@restatedev/restate-server': '1.7.12',
  '@restatedev/restate-sdk': '1.17.2',
  '@restatedev/xstate': '0.5.2',
  xstate: '5.33.3',
};

export interface RestateProgram {
  readonly server: string;
  readonly version: string;
  /** Folder from which its packages are imported. */
  readonly folder: string;
}

/**
 * Restate's server and packages from npm, kept in the cache. Not a dependency of the project: only this bench wants
 * them, the server has 100 MB and a licence of its own. Throws with npm's reason when they cannot be had.
 */
export async function ensureRestate(log: (line: string) => void): Promise<RestateProgram> {
  const version = VERSIONS['@restatedev/restate-server'];
  const folder = await cachedFolder(`restate-${version}`, async (draft) => {
    log(`restate ${version}: installing from npm`);
    await writeFile(join(draft, 'package.json'), JSON.stringify({ private: true, dependencies: VERSIONS }));
    const options = ['--ignore-scripts', '--no-audit', '--no-fund'];
    await promisify(execFile)('npm', ['install', ...options], { cwd: draft, timeout: 180_000 });
  });
  const platform = `restate-server-${process.platform}-${process.arch}`;
  const server = join(folder, 'node_modules/@restatedev', platform, 'bin/restate-server');
  return { server, version, folder };
}
