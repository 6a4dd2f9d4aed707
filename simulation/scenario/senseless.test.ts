import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseScenario, readScenarioFile, ScenarioInvalid } from './mod.ts';

/** Files that were once played as if they meant something, or refused in words that help nobody. */
const base = { name: 's', nodes: [{ name: 'n1' }, { name: 'n2' }], vms: [{ id: 'vm-1', node: 'n1' }], until: 10 };
const folder = mkdtempSync(join(tmpdir(), 'senseless-'));
afterAll(() => rmSync(folder, { recursive: true }));

function refusal(text: string): string {
  try {
    parseScenario(text, 'a.yaml');
  } catch (error) {
    if (error instanceof ScenarioInvalid) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

const event = (fields: object) => ({ ...base, events: [{ at: 1, ...fields }] });

test.each([
  [
    event({ do: 'add', vm: '../x y', node: 'n1' }),
    'events[0].vm: "../x y" is not an allowed value; allowed: letters, digits and - inside, at most 63 characters',
  ],
  [event({ do: 'set', vm: 'vm-1' }), 'events[0]: sets nothing; allowed: cpus, memoryMiB, ha, priority, failback'],
  [
    { ...base, expect: { 'vm-1': { on: [] } } },
    'expect.vm-1.on: [] is not an allowed value; allowed: a list of 1 to 1000',
  ],
  [{ ...base, expect: { 'vm-1': {} } }, 'expect.vm-1: expects nothing; allowed: state, on'],
  [
    { ...base, expect: { 'vm-1': { state: 'stopped', on: ['n1'] } } },
    'expect.vm-1.on: a VM that is stopped is on no node; allowed with on: running, suspended',
  ],
  [
    { ...event({ do: 'remove', vm: 'vm-1' }), expect: { 'vm-1': { state: 'running' } } },
    'expect.vm-1: vm-1 is removed at 1 s; allowed: VMs that are there at the end',
  ],
  [
    {
      ...base,
      events: [
        { at: 5, do: 'add', vm: 'vm-2', node: 'n1' },
        { at: 2, do: 'stop', vm: 'vm-2' },
      ],
    },
    'events[0].at: vm-2 is not there at 2 s; allowed: 5 to 10',
  ],
  [
    {
      ...base,
      events: [
        { at: 5, do: 'stop', vm: 'vm-1' },
        { at: 2, do: 'remove', vm: 'vm-1' },
      ],
    },
    'events[1].at: vm-1 is not there at 5 s; allowed: 0 to 2',
  ],
  [
    event({ do: 'power-off', node: 'n1', at: 1e308 }),
    'events[0].at: 1e+308 is not an allowed value; allowed: 0 to 10000000',
  ],
  [{ ...base, until: 1e308 }, 'until: 1e+308 is not an allowed value; allowed: 0.001 to 10000000'],
  [
    event({ do: 'pause', node: 'n1', seconds: 1e308 }),
    'events[0].seconds: 1e+308 is not an allowed value; allowed: 0.001 to 10000000',
  ],
  [
    event({ do: 'clock-jump', node: 'n1', seconds: -1e308 }),
    'events[0].seconds: -1e+308 is not an allowed value; allowed: -1000000000 to 1000000000',
  ],
  [
    { ...base, settings: { fence: 'confirming', fenceSeconds: 1e308 } },
    'settings.fenceSeconds: 1e+308 is not an allowed value; allowed: 0 to 10000000',
  ],
  [
    { ...base, settings: { network: { delayMs: 1e308 } } },
    'settings.network.delayMs: 1e+308 is not an allowed value; allowed: 0 to 600000',
  ],
  [
    event({ do: 'start-fails', vm: 'vm-1', times: 1.5 }),
    'events[0].times: 1.5 is not an allowed value; allowed: whole numbers from 1 to 1000000',
  ],
  [
    { ...base, rules: [{ kind: 'vm', mode: 'together', vms: ['vm-1', 'vm-1'] }] },
    'rules[0].vms[1]: vm-1 is there twice; allowed: none',
  ],
  [
    {
      ...base,
      vms: [...base.vms, { id: 'vm-2', node: 'n2' }],
      rules: [{ kind: 'vm', mode: 'apart', vms: ['vm-1', 'vm-1'] }],
    },
    'rules[0].vms[1]: vm-1 is there twice; allowed: vm-2',
  ],
  [
    {
      ...base,
      vms: ['vm-1', 'vm-2', 'vm-3'].map((id) => ({ id, node: 'n1' })),
      rules: [
        { kind: 'vm', mode: 'together', vms: ['vm-1', 'vm-2'] },
        { kind: 'vm', mode: 'together', vms: ['vm-2', 'vm-3'] },
        { kind: 'vm', mode: 'apart', vms: ['vm-1', 'vm-3'] },
        { kind: 'node', mode: 'forbidden', vms: ['vm-1'], nodes: ['n1'] },
      ],
    },
    'rules[2]: cannot be kept with rules[0] to rules[1]: vm-1 and vm-3 must be together and apart; allowed: rules that',
  ],
  [
    { ...base, rules: [{ kind: 'node', mode: 'forbidden', vms: ['vm-1'], nodes: ['n1', 'n2'] }] },
    'rules[0]: cannot be kept: no node is allowed for vm-1; allowed: rules that some placement keeps',
  ],
  [
    { ...base, vms: [{ id: 'vm-1', node: 'n1', memoryMiB: 1_000_000 }] },
    'vms[0].memoryMiB: vm-1 cannot run on n1 with 1000000; allowed: up to 65536, what n1 has',
  ],
  [
    { ...base, rules: [{ kind: 'node', mode: 'preferred', vms: ['vm-1'], nodes: ['n1', { name: 'n1', tier: 2 }] }] },
    'rules[0].nodes[1]: n1 is there twice; allowed: n2',
  ],
  [
    { ...base, rules: [{ kind: 'node', mode: 'preferred', vms: ['vm-1'], nodes: [{ name: 'n1', tier: 'a' }] }] },
    'rules[0].nodes[0].tier: "a" is not an allowed value; allowed: -1000000 to 1000000',
  ],
  [{ ...base, rules: [{ kind: 'x' }] }, 'rules[0].kind: unknown kind of rule "x"; allowed: node, vm, zone'],
  [{ ...base, name: 'a\nb' }, 'name: "a\\nb" is not an allowed value; allowed: 1 to 200 characters on one line'],
  [{ ...base, until: undefined }, 'until: missing; allowed: 0.001 to 10000000'],
  [{ ...base, nodes: undefined }, 'nodes: missing; allowed: a list of 1 to 1000'],
  [event({ node: 'n1' }), 'events[0].do: missing; allowed: power-off, power-on'],
  [{ ...base, events: [{ do: 'heal' }] }, 'events[0].at: missing; allowed: 0 to 10000000'],
  [event({ do: 'power-off', nod: 'n1' }), 'events[0]: unknown field nod; allowed: at, do, node (and 1 more)'],
  [{ ...base, expect: { 'a\u001bb\n': {} } }, 'expect.a\\u001bb\\u000a: unknown VM a\\u001bb\\u000a; there are: vm-1'],
  [[1, 2], '(top): [1,2] is not an allowed value; allowed: an object with name, settings'],
])('refuses %j on one line', (raw, message) => {
  const line = refusal(JSON.stringify(raw));
  expect(line.startsWith(`a.yaml: ${message}`), line).toBe(true);
  expect(line).not.toContain('\n');
});

test.each([
  ['an empty file', '', '(top): the file is empty; allowed: JSON or YAML'],
  ['one with nothing but blanks', ' \n\n', '(top): the file is empty; allowed: JSON or YAML'],
  ['one with nothing but a comment', '# none\n', '(top): the file is empty; allowed: JSON or YAML'],
  [
    'an unknown tag',
    'name: y\nnodes: [{name: !foo n1}]\nuntil: 3\n',
    'nodes[0].name: unknown tag !foo; allowed: none, !!map',
  ],
  ['a tag that makes bytes', 'name: !!binary aGVsbG8=\nuntil: 3\n', 'name: unknown tag !!binary; allowed: none, !!map'],
  ['a tag at a list', 'name: y\nnodes: !n [{name: n1}]\nuntil: 3\n', 'nodes: unknown tag !n; allowed: none, !!map'],
  ['two documents', 'name: y\n---\nname: z\n', '(top): more than one YAML document; allowed: one'],
  ['a number that is none', 'name: y\nnodes: [{name: n1}]\nuntil: .nan\n', 'until: NaN is not an allowed value'],
  ['a number without end', 'name: y\nnodes: [{name: n1}]\nuntil: .inf\n', 'until: Infinity is not an allowed value'],
  ['a list in a list in a list', '['.repeat(20_000), '(top): neither JSON nor YAML: nested too deeply'],
])('refuses %s', (_, text, message) => {
  expect(refusal(text)).toContain(`a.yaml: ${message}`);
});

test('what is prepared for a VM that comes later is no mistake, nor is an event at the instant it comes', () => {
  const events = [
    { at: 1, do: 'start-fails', vm: 'vm-2' },
    { at: 5, do: 'add', vm: 'vm-2', node: 'n1' },
    { at: 5, do: 'stop', vm: 'vm-2' },
    { at: 6, do: 'remove', vm: 'vm-2' },
    { at: 7, do: 'add', vm: 'vm-2', node: 'n1' },
    { at: 8, do: 'stop', vm: 'vm-2' },
  ];
  const scenario = parseScenario(JSON.stringify({ ...base, events, expect: { 'vm-2': { state: 'stopped' } } }), 'a');
  expect(scenario.events).toHaveLength(6);
});

test('a VM that does not run may be larger than the node that it is defined on', () => {
  const vms = [{ id: 'vm-1', node: 'n1', memoryMiB: 1_000_000, state: 'stopped' }];
  expect(parseScenario(JSON.stringify({ ...base, vms }), 'a').vms).toHaveLength(1);
});

test('plain tags and a byte order mark are right', async () => {
  const file = join(folder, 'bom.yaml');
  writeFileSync(file, '\ufeffname: !!str 5\nnodes: !!seq [{name: n1}]\nuntil: !!int 3\n');
  expect(parseScenario(await readScenarioFile(file), file).name).toBe('5');
});

test.each([
  ['Latin-1', Buffer.from('name: caf\xe9\n', 'latin1')],
  ['UTF-16', Buffer.from('\ufeffname: y\n', 'utf16le')],
])('refuses a file in %s', async (_, bytes) => {
  const file = join(folder, 'other.yaml');
  writeFileSync(file, bytes);
  await expect(readScenarioFile(file)).rejects.toThrow(
    `${file}: (file): not UTF-8 text; allowed: JSON or YAML in UTF-8`,
  );
});

test('refuses a file that never ends', async () => {
  await expect(readScenarioFile('/dev/zero')).rejects.toThrow('/dev/zero: (file): too large; allowed: up to 16 MiB');
});
