import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { mayImportNode } from '../real/no-node-modules.ts';
import { checkScenario } from '../scenario/mod.ts';
import { PlayingThread } from './playing-thread.ts';

vi.setConfig({ testTimeout: 60_000 });

const ROOT = join(import.meta.dirname, '../..');
const scenario = checkScenario({ name: 'one', nodes: [{ name: 'n1' }], vms: [], until: 30 }, 'test');
const schedule = { scenario, faults: [], healedAt: undefined };

let folder: string;
let thread: PlayingThread | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-guarded-'));
});
afterEach(async () => await thread?.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A build whose agent does that after ten seconds; `loads` is done when it is loaded, before all else. */
function programThat(loads: string, does: string): string {
  const urlOf = (file: string) => JSON.stringify(pathToFileURL(join(ROOT, file)).href);
  const text = `${loads}
    const { agentWith } = await import(${urlOf('simulation/mutations/mutation.ts')});
    const { servePlays } = await import(${urlOf('simulation/watch/serve-plays.ts')});
    servePlays(agentWith(({ clock }) => {
      clock.after(10_000, () => { ${does} });
      return {};
    }));`;
  const file = join(folder, `program-${loads.length}-${does.length}.mjs`);
  writeFileSync(file, text);
  return file;
}

/** Everything that is wrong with a run of that program. */
async function failureOf(loads: string, does: string): Promise<string> {
  thread = new PlayingThread({ program: { file: programThat(loads, does), argv: [] } });
  try {
    const played = await thread.playSchedule({ schedule });
    return played?.result.violations.map(({ invariant, why }) => `${invariant}: ${why}`).join('\n') ?? 'not played';
  } catch (error) {
    return String(error); // its thread ended
  }
}

test('a build that asks for nothing real plays', async () => {
  expect(await failureOf('', '')).toBe('');
});

test.each([
  ['const now = globalThis.Date.now;', 'now();', 'Date.now was called'],
  ['const { performance } = globalThis;', 'performance.now();', 'performance.now was called'],
  ['const { uptime } = process;', 'uptime();', 'process.uptime was called'],
  ['', 'process.memoryUsage();', 'process.memoryUsage was called'],
  ['', 'try { Math.random(); } catch {}', 'Math.random was called'],
  ['const began = Date.now();', '', 'Date.now was called'],
  ["import { generateKeySync } from 'node:crypto';", 'generateKeySync;', 'imports node:crypto: nothing simulated may'],
  ["import { hrtime } from 'process';", 'hrtime();', 'imports process: nothing simulated may'],
  ["const os = await import('node:os');", 'os.loadavg();', 'imports node:os: nothing simulated may'],
])('a build that loads with %j and does %j has failed', async (loads, does, why) => {
  expect(await failureOf(loads, does)).toContain(why);
});

test('no run sees the environment that it was started in', async () => {
  expect(await failureOf('', 'if (process.env.PATH !== undefined) throw new Error(process.env.PATH);')).toBe('');
});

test.each([
  ['node-agent/periodic.ts', false],
  ['machines/vm/vm.ts', false],
  ['simulation/world/world.ts', false],
  ['simulation/real/timeline-hash.ts', true],
  ['simulation/watch/serve-plays.ts', true],
  ['simulation/scenario/read-file.ts', true],
  ['simulation/scenario/read-yaml.ts', false],
  ['node_modules/yaml/dist/index.js', true],
  ['../yaml/dist/index.js', false],
  ['../../node_modules/yaml/dist/index.js', true],
])('whether %s may import modules of Node.js: %s', (file, may) => {
  expect(mayImportNode(pathToFileURL(join(ROOT, file)).href)).toBe(may);
});
