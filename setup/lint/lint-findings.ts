import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** What the linter, set up as this project's, says about such files: its errors by file, for files that have any. */
export function lintFindings(files: readonly (readonly [file: string, text: string, ...unknown[]])[]) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-lint-'));
  try {
    cpSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'));
    cpSync(join(ROOT, 'setup/lint'), join(folder, 'setup/lint'), { recursive: true });
    for (const [file, text] of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), `${text}\n`);
    }
    return errorsByFile(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function errorsByFile(folder: string): ReadonlyMap<string, string> {
  const options = ['lint', '--vcs-enabled=false', '--colors=off', '--reporter=github', '--max-diagnostics=none', '.'];
  const biome = join(ROOT, 'node_modules/.bin/biome');
  const { stdout } = spawnSync(biome, options, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  const errors = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const file = /^::error .*?file=(.*?),line=/.exec(line)?.[1];
    if (file === undefined) continue;
    const name = relative(folder, resolve(folder, file));
    errors.set(name, `${errors.get(name) ?? ''}${line}\n`);
  }
  return errors;
}
