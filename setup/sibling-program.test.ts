import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { siblingProgram } from './sibling-program.ts';

const root = join(import.meta.dirname, '..');

test('a program beside a source is a source, one beside a built file is built', () => {
  expect(siblingProgram('/a/b/c.ts', 'worker')).toBe('/a/b/worker.ts');
  expect(siblingProgram('/a/dist/b/c.js', 'worker')).toBe('/a/dist/b/worker.js');
});

test('whatever is started as a program of its own is built for the package: no import leads to it', async () => {
  const { files } = JSON.parse(await readFile(join(root, 'tsconfig.build.json'), 'utf8'));
  const folders = ['actors', 'transport', 'machines', 'ports', 'database', 'node-agent', 'simulation', 'lab', 'cli'];
  const sources = await Promise.all(folders.map((folder) => readdir(join(root, folder), { recursive: true })));
  const paths = sources.flatMap((names, i) => names.map((name) => join(root, folders[i] ?? '', name)));
  const programs: string[] = [];
  for (const path of paths.filter((each) => each.endsWith('.ts') && !each.endsWith('.test.ts'))) {
    const text = await readFile(path, 'utf8');
    for (const [, name] of text.matchAll(/siblingProgram\(import\.meta\.filename, '([^']+)'\)/g)) {
      programs.push(relative(root, join(dirname(path), `${name}.ts`)));
    }
  }
  expect(programs).toContain('simulation/watch/player.ts');
  expect(files).toEqual(expect.arrayContaining(programs));
});
