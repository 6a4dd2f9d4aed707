import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { runScenarios } from './run-scenarios.ts';

const folder = mkdtempSync(join(tmpdir(), 'us-scenario-'));
const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
afterEach(() => said.mockClear());
afterAll(() => {
  said.mockRestore();
  rmSync(folder, { recursive: true });
});

function file(name: string, events: object[], settings: object = {}): string {
  const path = join(folder, name);
  const scenario = { name, settings, nodes: [{ name: 'n1' }], vms: [{ id: 'vm-1', node: 'n1' }], events, until: 1 };
  writeFileSync(path, JSON.stringify(scenario));
  return path;
}

it.each([
  ['a file that is not there', () => join(folder, 'nowhere.json'), 2, /nowhere\.json/],
  ['an unknown VM', () => file('vm.json', [{ at: 1, do: 'kill', vm: 'vm-9' }]), 2, /events\[0\]\.vm: unknown VM vm-9/],
  ['an unknown event', () => file('do.json', [{ at: 1, do: 'explode' }]), 2, /events\[0\].*"explode"/],
  ['an event that the lab cannot play', () => file('jump.json', [{ at: 1, do: 'heal' }]), 3, /cannot play heal/],
  ['a setting that the lab cannot play', () => file('boost.json', [], { boost: true }), 3, /settings\.boost/],
])('plays nothing for %s and says why', async (_, path, status, why) => {
  expect(await runScenarios([path()], true)).toBe(status);
  expect(said.mock.calls.flat().join()).toMatch(why);
});

it('begins no further scenario once it was interrupted, also when the signal comes twice', async () => {
  const [first, second] = [file('first.json', []), file('second.json', [])];
  const played: string[] = [];
  const before = process.listeners('SIGINT');
  const status = await runScenarios([first, second], true, async ({ name }, _json, interrupted) => {
    played.push(name);
    for (const added of process.listeners('SIGINT').filter((one) => !before.includes(one))) {
      added('SIGINT');
      added('SIGINT');
    }
    return await interrupted;
  });
  expect({ status, played }).toEqual({ status: 130, played: ['first.json'] });
});

it('plays on after a scenario that failed, and tells the worst', async () => {
  const ends = [1, 0];
  const status = await runScenarios([file('a.json', []), file('b.json', [])], true, async () => ends.shift() ?? 9);
  expect({ status, ends }).toEqual({ status: 1, ends: [] });
});

it('reads every file before it plays the first, and a wrong one counts more than one it cannot play', async () => {
  const cannot = file('cannot.json', [{ at: 1, do: 'heal' }]);
  expect(await runScenarios([cannot, join(folder, 'nowhere.json')], true)).toBe(2);
  expect(await runScenarios([file('good.json', []), cannot], true)).toBe(3);
});
