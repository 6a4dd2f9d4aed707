import { expect, test } from 'vitest';
import type { DownEvidence } from './evidence.ts';
import { whyEvidenceFails } from './evidence-holds.ts';
import { nodeId } from './ids.ts';

const [n1, n2] = [nodeId('n1'), nodeId('n2')];
const holder = { node: n1, incarnation: 2, sequence: 5 };
const word: DownEvidence = { kind: 'word', node: n1, incarnation: 2, sequence: 7 };
const fence: DownEvidence = { kind: 'fence', node: n1, incarnation: 2, sequence: 7, fence: 'bmc' };

test.each<[string, DownEvidence | undefined, { incarnation: number; sequence: number } | undefined, boolean]>([
  ['no evidence', undefined, { incarnation: 2, sequence: 7 }, false],
  ['about another node', { ...word, node: n2 }, { incarnation: 2, sequence: 7 }, false],
  ['about an earlier boot', { ...fence, incarnation: 1 }, undefined, false],
  ['a confirmed fence, slot unchanged', fence, { incarnation: 2, sequence: 7 }, true],
  ['a confirmed fence, slot written since', fence, { incarnation: 2, sequence: 8 }, false],
  ['a confirmed fence, an older write landed', fence, { incarnation: 2, sequence: 6 }, true],
  ['a confirmed fence, host booted again', fence, { incarnation: 3, sequence: 1 }, true],
  ['a confirmed fence, no slot', fence, undefined, true],
  ['a word, slot unchanged', word, { incarnation: 2, sequence: 7 }, true],
  ['a word, slot written again', word, { incarnation: 2, sequence: 8 }, false],
  ['a word, host booted again', word, { incarnation: 3, sequence: 8 }, true],
  ['a word, no slot', word, undefined, false],
])('%s', (_name, evidence, slot, holds) => {
  expect(whyEvidenceFails(evidence, holder, slot) === undefined).toBe(holds);
});

test('a word is void once the sector was claimed after it, also when a late write took the slot back', () => {
  const claimed = { ...holder, sequence: 8 };
  expect(whyEvidenceFails(word, claimed, { incarnation: 2, sequence: 7 })).toContain('claimed by n1 at 8');
});

test('what was claimed in an attempt to write that the power cut ended does not void a fence', () => {
  expect(whyEvidenceFails(fence, { ...holder, sequence: 8 }, { incarnation: 2, sequence: 7 })).toBeUndefined();
});
