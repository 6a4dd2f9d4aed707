import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { notRunIn, toldLoudly } from './not-run.ts';

const ROOT = join(import.meta.dirname, '..');

test('tests that did not run are told with their files', () => {
  const assertionResults = ['passed', 'failed', 'skipped', 'pending', 'todo'].map((status) => ({
    fullName: `is ${status}`,
    status,
  }));
  expect(toldLoudly(notRunIn([{ name: '/a/b/c.test.ts', assertionResults }], '/a'))).toBe(
    '!! NOT RUN: b/c.test.ts: is skipped\n!! NOT RUN: b/c.test.ts: is pending\n!! NOT RUN: b/c.test.ts: is todo',
  );
});

test('where there are no scenarios of a peer, the last line of a test run says so, and which variable names their folder', () => {
  const vitest = join(ROOT, 'node_modules/.bin/vitest');
  const env = { PATH: process.env.PATH, PEER_SCENARIOS: '/nowhere' };
  const run = spawnSync(vitest, ['run', '--project', 'unit', 'test/peer.test.ts'], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  });
  expect(run.stderr.trimEnd().split('\n').at(-1)).toBe(
    '!! NOT RUN: test/peer.test.ts: scenarios of a peer: there are none in /nowhere; PEER_SCENARIOS names the folder that has them',
  );
  expect(run.status).toBe(0);
}, 60_000);
