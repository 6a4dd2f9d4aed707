import { expect, it } from 'vitest';
import { type AnyMachineSnapshot, getInitialSnapshot, transition } from 'xstate';
import type { NodeEvent } from './events.ts';
import { nodeMachine } from './node.ts';

const dead = (incarnation: number): NodeEvent => ({
  type: 'verdict',
  verdict: 'dead',
  boundReached: false,
  incarnation,
  sequence: 7,
  ageMs: 600,
  observers: ['n2', 'n3'],
});

function after(...events: object[]): AnyMachineSnapshot {
  let snapshot: AnyMachineSnapshot = getInitialSnapshot(nodeMachine, { address: 'node/n1' });
  // The runtime feeds results of effects back as such events.
  for (const event of events) [snapshot] = transition(nodeMachine, snapshot as never, event as never);
  return snapshot;
}

const confirmed = {
  type: 'xstate.done.actor.0.node.suspect.dead.fencing',
  output: { outcome: 'confirmed', by: 'switch' },
};

it('is down once fenced, and the same verdict again does not fence it again', () => {
  expect(after(dead(1)).matches({ suspect: { dead: 'fencing' } })).toBe(true);
  const fenced = after(dead(1), confirmed, dead(1), dead(1));
  expect(fenced.matches('down')).toBe(true);
  expect(fenced.context.evidence).toEqual({ kind: 'fence', node: 'n1', incarnation: 1, fence: 'switch' });
});

it('is fenced anew when it booted since and died again before it was seen alive', () => {
  expect(after(dead(1), confirmed, dead(2)).matches({ suspect: { dead: 'fencing' } })).toBe(true);
});

it('is back only with a slot newer than the evidence', () => {
  const healthy = (incarnation: number, sequence: number) => ({ ...dead(incarnation), verdict: 'healthy', sequence });
  const word = { type: 'word', incarnation: 1, sequence: 9, state: 'suspended' };
  expect(after(word, healthy(1, 9)).matches('down')).toBe(true);
  expect(after(word, healthy(1, 10)).matches('up')).toBe(true);
  expect(after(word, healthy(2, 1)).matches('up')).toBe(true);
});
