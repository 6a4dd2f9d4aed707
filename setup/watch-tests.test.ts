import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const VITEST = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
const CONFIG = join(import.meta.dirname, 'standing/vitest.config.ts');

test('a test that never returns ends its run with its name and where it stands, instead of holding it up', {
  timeout: 60_000,
}, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [VITEST, 'run', '--config', CONFIG], {
    encoding: 'utf8',
    timeout: 50_000,
    env: { ...process.env, UNDERSTUDY_TEST_STUCK_AFTER_S: '2' },
  });
  expect(status, stdout + stderr).toBe(1);
  expect(stderr).toMatch(/STANDS STILL for 2 s, ended: .*standing\.fixture\.ts: never returns\n {4}at neverReturns \(/);
});
