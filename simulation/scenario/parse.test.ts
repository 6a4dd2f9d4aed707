import { expect, test } from 'vitest';
import { checkScenario, parseScenario, refuseWhatIsNotBuilt, ScenarioInvalid, ScenarioNotBuilt } from './mod.ts';

const base = { name: 's', nodes: [{ name: 'n1' }, { name: 'n2' }], vms: [{ id: 'vm-1', node: 'n1' }], until: 10 };

function refusal(raw: unknown): string {
  try {
    checkScenario(raw, 'a.json');
  } catch (error) {
    if (error instanceof ScenarioInvalid) return error.message;
    throw error;
  }
  throw new Error('accepted');
}

test('fills in defaults, ignores notes, orders events by time', () => {
  const scenario = checkScenario(
    {
      ...base,
      tests: 'note',
      'x-source': 1,
      peer: {},
      events: [
        { at: 5, do: 'power-on', node: 'n1', 'x-why': 'note' },
        { at: 1, do: 'power-off', node: 'n1' },
      ],
    },
    'a.json',
  );
  expect(scenario.settings.sensitivity).toBe('standard');
  expect(scenario.events.map((event) => event.do)).toEqual(['power-off', 'power-on']);
});

test('reads YAML', () => {
  expect(parseScenario('name: y\nnodes: [{name: n1}]\nuntil: 3\n', 'a.yaml').nodes[0]?.cpus).toBe(16);
});

test.each([
  [{ ...base, extra: 1 }, 'a.json: (top): unknown field extra; allowed: name, settings'],
  [
    { ...base, events: [{ at: 1, do: 'explode', node: 'n1' }] },
    'a.json: events[0].do: unknown event "explode"; allowed: power-off',
  ],
  [
    { ...base, events: [{ at: 1, do: 'power-off', node: 'n9' }] },
    'a.json: events[0].node: unknown node n9; there are: n1, n2',
  ],
  [{ ...base, events: [{ at: 1, do: 'power-off', nod: 'n1' }] }, 'events[0]: unknown field nod; allowed: at, do, node'],
  [{ ...base, expect: { 'vm-7': {} } }, 'a.json: expect.vm-7: unknown VM vm-7; there are: vm-1'],
  [
    { ...base, settings: { fence: 'big' } },
    'a.json: settings.fence: "big" is not an allowed value; allowed: none, confirming, broken',
  ],
  [
    { ...base, vms: [...base.vms, ...base.vms] },
    'a.json: vms[1].id: VM vm-1 is there twice; allowed: a name of its own',
  ],
  [
    {
      ...base,
      rules: [
        { kind: 'node', mode: 'required', vms: ['vm-1'], nodes: ['n1'] },
        { kind: 'node', mode: 'forbidden', vms: ['vm-1'], nodes: ['n1'] },
      ],
    },
    'a.json: rules[1]: cannot be kept with rules[0]: no node is allowed for vm-1',
  ],
  [
    { ...base, events: [{ at: 10.5, do: 'power-off', node: 'n1' }] },
    'a.json: events[0].at: 10.5 is after the end; allowed: 0 to 10 (until)',
  ],
  [
    { ...base, events: [{ at: 1, do: 'partition', groups: [['n1'], ['n2', 'n1']] }] },
    'a.json: events[0].groups[1][1]: n1 is in a group already; allowed: none',
  ],
  [
    { ...base, events: [{ at: 1, do: 'partition', groups: [['n1', 'n1'], ['n2']] }] },
    'a.json: events[0].groups[0][1]: n1 is in a group already; allowed: n2',
  ],
  [{ ...base, members: ['n1', 'n1'] }, 'a.json: members[1]: n1 is there twice; allowed: n2'],
])('refuses %j', (raw, message) => {
  expect(refusal(raw)).toContain(message);
});

test('refuses an anchor inside itself, and a name that a JavaScript object would swallow', () => {
  const parse = (text: string) => () => parseScenario(`name: y\nuntil: 3\n${text}`, 'a.yaml');
  expect(parse('nodes: &a [{name: n1}, *a]')).toThrow('a.yaml: nodes[1]: an anchor that contains itself');
  expect(parse('nodes: [{name: n1}]\nexpect: {__proto__: {state: running}}')).toThrow(
    'a.yaml: expect: unknown field __proto__',
  );
  expect(parse('nodes: [&a {name: n1}]\nx-again: *a')).not.toThrow();
});

test('instant without a fence is refused with the reason (B8)', () => {
  const settings = { sensitivity: 'instant', fence: 'none' };
  expect(refusal({ ...base, settings })).toMatch(/^a\.json: settings\.sensitivity: instant waits 350 ms/);
  expect(refusal({ ...base, settings: { ...settings, fence: 'broken' } })).toMatch(
    /^a\.json: settings\.sensitivity: instant waits 350 ms.*; allowed with fence broken: standard, medium-high, high$/,
  );
  expect(checkScenario({ ...base, settings: { ...settings, fence: 'confirming' } }, 'a.json').name).toBe('s');
  expect(checkScenario({ ...base, events: [{ at: 10, do: 'power-off', node: 'n1' }] }, 'a.json').events).toHaveLength(
    1,
  );
});

test('names what is not built yet', () => {
  const scenario = checkScenario({ ...base, events: [{ at: 1, do: 'guest-panic', vm: 'vm-1' }] }, 'a.json');
  expect(() => refuseWhatIsNotBuilt(scenario, 'a.json')).toThrow(ScenarioNotBuilt);
});
