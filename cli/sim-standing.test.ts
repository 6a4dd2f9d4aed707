import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { standingProgram } from '../simulation/watch/standing-program.ts';
import { createProgram } from './program.ts';

/** All that is played is played by a build that stands still in the 60th second of a cluster of five nodes. */
vi.mock('../simulation/mod.ts', async (original) => {
  const simulation = await original<typeof import('../simulation/mod.ts')>();
  return {
    ...simulation,
    PlayingThread: class extends simulation.PlayingThread {
      constructor(options: ConstructorParameters<typeof simulation.PlayingThread>[0]) {
        super({ ...options, program: standingProgram('loops') });
      }
    },
  };
});

const folder = mkdtempSync(join(tmpdir(), 'sim-standing-'));
const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'].map((name) => ({ name }));
const scenario = { name: 'five', nodes, until: 90, events: [{ at: 10, do: 'power-off', node: 'n4' }] };
const schedule = join(folder, 'standing.schedule.json');
writeFileSync(schedule, JSON.stringify({ scenario }));
const file = join(folder, 'standing.json');
writeFileSync(file, JSON.stringify(scenario));
const small = join(folder, 'small.json');
writeFileSync(small, JSON.stringify({ ...scenario, name: 'four', nodes: nodes.slice(0, 4) }));
afterAll(() => rmSync(folder, { recursive: true }));

const out = vi.spyOn(console, 'log').mockImplementation(() => {});
const err = vi.spyOn(console, 'error').mockImplementation(() => {});
const linesOf = (spy: typeof out) => spy.mock.calls.map(([line]) => String(line));
afterEach(() => {
  out.mockClear();
  err.mockClear();
  process.exitCode = undefined;
});

async function sim(...given: readonly string[]): Promise<void> {
  await createProgram().parseAsync(['sim', ...given, '--stuck-after', '2'], { from: 'user' });
}

test('sim replay of a run that stands still tells what happened, where it stands, and has failed', {
  timeout: 60_000,
}, async () => {
  const exported = join(folder, 'exported');
  await sim('replay', schedule, '--export', exported);
  expect(process.exitCode).toBe(1);
  expect(linesOf(out).some((line) => line.includes('scenario: power-off'))).toBe(true);
  expect(linesOf(out).at(-1)).toMatch(/^FAILED the run goes on: no event ended for 2 s \(at (59\.9|60)[\d.]* s\)\n/);
  expect(linesOf(err).at(-1)).toContain('at loopsForEver (');
  expect(readFileSync(join(exported, 'result.json'), 'utf8')).toContain('scenario: power-off');
});

test('sim run plays what comes after a scenario that stands still, and has failed', { timeout: 60_000 }, async () => {
  await sim('run', file, small);
  expect(process.exitCode).toBe(1);
  const [first, second] = linesOf(out);
  expect(first).toMatch(/^FAILED {2}five /);
  expect(first).toContain('the run goes on: no event ended for 2 s\n    at loopsForEver (');
  expect(second).toMatch(/^ok {2}four /);
});
