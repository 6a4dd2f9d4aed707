import { expect, it } from 'vitest';
import { ClusterWatch } from './cluster-watch.ts';
import type { ReportedCopy } from './node-report.ts';

const clock = { nowMs: () => 0, after: () => ({ cancel: () => {} }) };
const copy = (vm: string, state: ReportedCopy['state'], epoch = 1): ReportedCopy => ({ vm, epoch, state });

function watched() {
  const watch = new ClusterWatch(clock);
  const heard: string[] = [];
  watch.subscribeCopies((node, { vm, epoch, state, reason }) => {
    heard.push(`${node} ${vm} ${epoch} ${state}${reason === undefined ? '' : ` ${reason}`}`);
  });
  const report = (node: string, ...copies: ReportedCopy[]) => watch.heard({ node, copies, verdicts: {} });
  return { watch, heard, report };
}

it('tells each change of a copy once', () => {
  const { heard, report } = watched();
  report('n1', copy('a', 'running'));
  report('n1', copy('a', 'running'));
  report('n1', copy('a', 'suspended'), copy('b', 'running', 2));
  expect(heard).toEqual(['n1 a 1 running', 'n1 a 1 suspended', 'n1 b 2 running']);
});

it('counts a copy as lost that is forgotten, or whose node lost its power, but not one that was off', () => {
  const { watch, heard, report } = watched();
  report('n1', copy('a', 'running'), copy('b', 'off'), copy('c', 'running'));
  heard.length = 0;
  report('n1', copy('c', 'running'));
  watch.silence('n1');
  expect(heard).toEqual(['n1 a 1 off lost', 'n1 c 1 off lost']);
});

it('shows the copy that counts: running before suspended before off', () => {
  const { watch, report } = watched();
  report('n1', copy('a', 'suspended'));
  expect(watch.copyOf('a')).toEqual({ state: 'suspended', node: 'n1' });
  report('n2', copy('a', 'running', 2));
  expect(watch.copyOf('a')).toEqual({ state: 'running', node: 'n2' });
  expect(watch.copyOf('z')).toEqual({ state: 'none' });
});
