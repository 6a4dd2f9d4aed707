import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ScenarioInvalid } from '../simulation/mod.ts';
import { createProgram } from './program.ts';
import { UserMistake } from './user-mistake.ts';

const folder = mkdtempSync(join(tmpdir(), 'sim-'));
const said = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
afterAll(() => {
  said.mockRestore();
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
beforeAll(() => {
  file('half.json', '{');
  file('other.json', '{"x": 1}');
  file('empty.json', '');
  file('scenario.json', '{"name": "s", "nodes": [{"name": "n1"}], "until": 10}');
});

/** What is said for a command that must not begin to play. */
async function refusal(...given: readonly string[]): Promise<string> {
  try {
    await createProgram().parseAsync(['sim', ...given], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError || error instanceof UserMistake || error instanceof ScenarioInvalid)
      return error.message;
    throw error;
  }
  throw new Error('accepted');
}

test.each([
  [['fuzz', '--hours', '0x10'], '0.1 to 24'],
  [['fuzz', '--hours', '1e3'], '0.1 to 24'],
  [['fuzz', '--hours', '-1'], '0.1 to 24'],
  [['fuzz', '--hours', 'Infinity'], '0.1 to 24'],
  [['fuzz', '--hours', 'NaN'], '0.1 to 24'],
  [['fuzz', '--hours', ''], '0.1 to 24'],
  [['soak', '--hours', '999999'], '0.1 to 24'],
  [['replay', '1', '--hours', '0'], '0.1 to 24'],
  [['fuzz', '--nodes', '200'], 'numbers and ranges from 3 to 9, like 3..9'],
  [['fuzz', '--nodes', '9..3'], 'numbers and ranges from 3 to 9, like 3..9'],
  [['fuzz', '--nodes', '2..5'], 'numbers and ranges from 3 to 9, like 3..9'],
  [['replay', '1', '--nodes', '3..'], 'numbers and ranges from 3 to 9, like 3..9'],
  [['fuzz', '--vms', '0'], 'numbers and ranges from 1 to 100, like 1..100'],
  [['fuzz', '--vms', '1..101'], 'numbers and ranges from 1 to 100, like 1..100'],
  [['fuzz', '--seeds', '0'], 'whole numbers from 1 to 1000000'],
  [['fuzz', '--seeds', '-5'], 'whole numbers from 1 to 1000000'],
  [['fuzz', '--seeds', '1.5'], 'whole numbers from 1 to 1000000'],
  [['fuzz', '--seeds', '9999999999999999999'], 'whole numbers from 1 to 1000000'],
  [['fuzz', '--from', '1000000000'], 'whole numbers from 0 to 999999999'],
  [['fuzz', '--from', '999999999', '--seeds', '2'], 'seeds from 0 to 999999999'],
  [['fuzz', '--workers', '999999999'], 'whole numbers from 1 to 64'],
  [['soak', '--workers', '0'], 'whole numbers from 1 to 64'],
  [['fuzz', '--known', ''], 'a name'],
  [['replay', '1', '--export', ''], 'a name'],
  [['run', 'a.yaml', '--seed', ''], 'whole numbers from 0 to 9007199254740991'],
  [['run', 'a.yaml', '--seed', 'abc'], 'whole numbers from 0 to 9007199254740991'],
  [['replay', '9999999999'], 'whole numbers from 0 to 999999999, or a file with a schedule'],
  [['replay', '1.5'], 'whole numbers from 0 to 999999999, or a file with a schedule'],
  [['replay', '--', '-1'], 'whole numbers from 0 to 999999999, or a file with a schedule'],
  [['replay', ''], 'whole numbers from 0 to 999999999, or a file with a schedule'],
  [['replay', '1', '--export', '/proc/x/y'], 'a folder that files can be written to'],
])('sim %j is refused on one line that says what is allowed', async (given, allowed) => {
  const line = await refusal(...given);
  expect(line).toContain(`allowed: ${allowed}`);
  expect(line.trim()).not.toContain('\n');
});

test.each([
  ['nofile', '(file): there is no such file'],
  ['', '(file): a folder, name a file in it'],
  ['half.json', '(top): not JSON: '],
  ['empty.json', '(top): not JSON: '],
  ['other.json', 'x: not an entry of such a list; allowed: {"SEED": {"invariant": "its name", "why": "a reason"}}'],
])(
  'a list of known failures that cannot be read (%s) is named in one line, and nothing is played',
  async (name, why) => {
    const path = join(folder, name);
    const line = await refusal('fuzz', '--seeds', '1', '--known', path);
    expect(line.startsWith(`${path}: ${why}`), line).toBe(true);
    expect(line).not.toContain('\n');
  },
);

test.each([
  ['empty.json', '(top): the file is empty; allowed: JSON or YAML'],
  ['half.json', '(top): neither JSON nor YAML: '],
  ['other.json', '(top): unknown field x; allowed: scenario, faults, healedAt'],
  ['scenario.json', '(top): unknown field name, nodes, until; allowed: scenario, faults, healedAt'],
])('a file that is no schedule (%s) is named in one line', async (name, why) => {
  const path = join(folder, name);
  const line = await refusal('replay', path);
  expect(line.startsWith(`${path}: ${why}`), line).toBe(true);
  expect(line).not.toContain('\n');
});

test('a folder for exports that is a file is refused before anything is played', async () => {
  const path = join(folder, 'half.json');
  expect(await refusal('replay', '1', '--export', path)).toContain(`--export ${path}: `);
});

test('places in a schedule are named from the top of its file', async () => {
  const scenario = { name: 's', nodes: [{ name: 'n1' }], until: 10, events: [{ at: 1, do: 'power-off', node: 'n2' }] };
  const faults = [{ at: 11, do: 'agent-stalls', node: 'n1', seconds: 1 }];
  const wrong = file('wrong.json', JSON.stringify({ scenario }));
  expect(await refusal('replay', wrong)).toBe(`${wrong}: scenario.events[0].node: unknown node n2; there are: n1`);
  const late = file('late.json', JSON.stringify({ scenario: { ...scenario, events: [] }, faults, healedAt: 20 }));
  expect(await refusal('replay', late)).toBe(
    `${late}: faults[0].at: 11 is after the end; allowed: 0 to 10 (until) (and 1 more)`,
  );
});

const PROGRAM = fileURLToPath(new URL('./bin.ts', import.meta.url));

/** All that a process says, and how it ended. */
function follow(child: ChildProcess): { text: string; readonly ended: Promise<unknown[]> } {
  const seen = { text: '', ended: once(child, 'exit') };
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => (seen.text += part.toString()));
  return seen;
}

test('sim fuzz sums up what it played when it is interrupted, and its exit status says that', {
  timeout: 60_000,
}, async () => {
  const child = spawn(process.execPath, [PROGRAM, 'sim', 'fuzz', '--seeds', '100000', '--hours', '24']);
  const seen = follow(child);
  await expect.poll(() => seen.text, { timeout: 30_000 }).toContain('plays 100000 seeds from 1 on');
  child.kill('SIGINT');
  expect(await seen.ended).toEqual([130, null]);
  expect(seen.text).toMatch(/^\d+ seeds, 0 failed, \d+ recoveries, /m);
});

test('sim soak ends soon after Ctrl-C, in the midst of a round, and sums up', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [PROGRAM, 'sim', 'soak', '--from', '1', '--hours', '24', '--workers', '1']);
  const seen = follow(child);
  // The first takes long: a whole day.
  await expect.poll(() => seen.text, { timeout: 30_000 }).toContain('plays seeds from 1 on');
  child.kill('SIGINT');
  const began = performance.now();
  expect(await seen.ended).toEqual([0, null]);
  expect(performance.now() - began).toBeLessThan(5000);
  expect(seen.text).toMatch(/^\d seeds, 0 failed, \d+ recoveries, /m);
});
