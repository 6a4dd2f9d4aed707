import { expect, it } from 'vitest';
import { renderStatus } from './render-status.ts';

const status = {
  parts: {},
  nodes: [
    { node: 'n1', power: 'on', slot: 'running', storageBeatMs: 200, databaseBeatMs: 9000, verdict: 'healthy' },
    { node: 'n2', power: 'off', slot: '-', storageBeatMs: null, databaseBeatMs: null, verdict: 'dead' },
  ],
  vms: [{ vm: 'web-1', recorded: 'running', actual: 'running', node: 'n1', epoch: 3, sinceMs: 61_000 }],
  events: [{ atMs: 1234, text: 'web-1 started on n1' }],
} as const;
const copy = () => ({ ...status, nodes: [...status.nodes], vms: [...status.vms], events: [...status.events] });

it('shows nodes, VMs and the last events in columns', () => {
  expect(renderStatus(copy(), 100, false)).toEqual([
    'NODE     POWER  SLOT       STORAGE      DATABASE     VERDICT',
    'n1       on     running    alive        late 9 s     healthy',
    'n2       off    -          never        never        dead',
    '',
    'VM           RECORDED   ACTUAL       NODE     EPOCH  SINCE',
    'web-1        running    running      n1       3      61 s',
    '',
    '     1.2 s  web-1 started on n1',
  ]);
});

it.each([
  ['stopped', 'none', 32],
  ['stopped', 'off', 32],
  ['running', 'none', 31],
])('a VM recorded as %s of which the hypervisors say %s is off, on no node', (recorded, actual, ink) => {
  const vm = { vm: 'db-1', recorded, actual, node: 'n1', epoch: 2, sinceMs: 5000 };
  const text = `db-1         ${recorded.padEnd(10)} off          -        2      5 s`;
  expect(renderStatus({ ...copy(), vms: [vm] }, 100, false)).toContain(text);
  const [painted] = renderStatus({ ...copy(), vms: [vm] }, 100, true).filter((line) => line.includes('db-1'));
  expect(painted).toContain(`[${ink}m`);
});

it('never writes past the width of the terminal', () => {
  expect(Math.max(...renderStatus(copy(), 30, false).map((text) => text.length))).toBe(30);
});
