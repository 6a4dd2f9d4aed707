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

it('never writes past the width of the terminal', () => {
  expect(Math.max(...renderStatus(copy(), 30, false).map((text) => text.length))).toBe(30);
});
