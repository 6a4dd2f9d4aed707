import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { command } from './command.ts';

/**
 * `npm run build`: makes `dist`, the JavaScript and types that are packed, because Node strips no types below
 * `node_modules`. `dist` is a package scope of its own, so that `#actors` means its own files there and the sources here.
 */
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
/** Read at run time by what lies beside them. */
const ASSETS = ['setup/guest-init.sh'];

await rm(dist, { recursive: true, force: true });
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
await command(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root });
for (const asset of ASSETS) await copyFile(join(root, asset), join(dist, asset));
const { imports } = z
  .object({ imports: z.record(z.string(), z.string()) })
  .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
const built = Object.fromEntries(Object.entries(imports).map(([name, file]) => [name, file.replace(/\.ts$/, '.js')]));
await writeFile(join(dist, 'package.json'), `${JSON.stringify({ type: 'module', imports: built }, undefined, 2)}\n`);
