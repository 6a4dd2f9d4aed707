import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { nodeId } from '#machines';
import { checkScenario } from '../simulation/mod.ts';
import { connectControl } from './control-client.ts';
import { Lab } from './lab.ts';
import { LabFence } from './lab-fence.ts';
import { type LabFolder, labFolder } from './lab-folder.ts';

/** An agent that only reports: what the lab does around agents is what is tested here. */
const AGENT = `
import { readFileSync } from 'node:fs';
import { connectControl } from ${JSON.stringify(join(import.meta.dirname, 'control-client.ts'))};
const { node, control } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const lab = await connectControl(control);
await lab.request('agent', { node }, 5000);
const copies = node === 'n1' ? [{ vm: 'web-1', epoch: 1, state: 'running' }] : [];
await lab.request('report', { node, copies, verdicts: { n1: 'healthy', n2: 'healthy' } }, 5000);
setInterval(() => undefined, 1000);
`;
let folder: LabFolder;
let lab: Lab | undefined;
afterEach(async () => await lab?.end());

it('boots nodes, cuts and fences them, refuses a second lab, and leaves nothing', async () => {
  const root = mkdtempSync(join(tmpdir(), 'us-'));
  folder = labFolder(root);
  vi.stubEnv('UNDERSTUDY_LAB', root);
  onTestFinished(() => void vi.unstubAllEnvs());
  const program = mkdtempSync(join(tmpdir(), 'us-agent-'));
  onTestFinished(() => rmSync(program, { recursive: true }));
  const agent = join(program, 'agent.ts');
  writeFileSync(agent, AGENT);
  const said: string[] = [];
  const options = {
    folder,
    agent,
    plan: checkScenario(
      { name: 'lab', nodes: [{ name: 'n1' }, { name: 'n2' }], vms: [{ id: 'web-1', node: 'n1' }], until: 1 },
      'test',
    ),
    say: (line: string) => void said.push(line),
  };
  lab = new Lab(options);
  expect(() => new Lab(options)).toThrow(/already runs/);
  await lab.start();
  const running = lab;
  while (running.status().nodes.some(({ verdict }) => verdict !== 'healthy')) await delay(20);
  await expect(running.powerOff('n9')).rejects.toThrow('it has n1, n2');
  await expect(running.killVm('db-9')).rejects.toThrow('it has web-1');

  expect(await new LabFence(folder.control).fence(nodeId('n1'), 1)).toMatchObject({ outcome: 'confirmed' });
  expect(running.status().nodes.map(({ power }) => power)).toEqual(['off', 'on']);
  expect(said.at(-1)).toBe('n1: power-off: fenced; it stays off: "npx understudy lab power-on n1" brings it back');
  await running.powerOn('n1');
  expect(running.status().nodes.map(({ power }) => power)).toEqual(['on', 'on']);
  expect(await running.checkWitness()).toEqual([]);

  const people = await connectControl(folder.control);
  await people.request('down', {}, 1000);
  await running.asked;
  await running.end();
  await people.closed;
  lab = undefined;
  expect(existsSync(root)).toBe(false);
  const mine = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && mentions(pid, root));
  expect(mine).toEqual([]);
});

function mentions(pid: string, text: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
  } catch {
    return false;
  }
}
