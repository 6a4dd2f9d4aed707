import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Verdict, verdicts } from '../failure-detector/mod.ts';
import { nodeId } from '../ids.ts';
import { whyNotFence } from './why-not-fence.ts';

const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'].map(nodeId);
const [n1, n2, n3, n4] = nodes as [ReturnType<typeof nodeId>, ...ReturnType<typeof nodeId>[]];
const three = nodes.slice(0, 3);
const judged = (...all: Verdict[]) => new Map(all.map((verdict, i) => [nodes[i] ?? n1, { verdict }]));

test.each<[string, string | undefined, Map<typeof n1, { verdict: Verdict }>, boolean]>([
  ['the others are well', n3, judged('healthy', 'healthy', 'dead'), true],
  ['one other is dead', n3, judged('healthy', 'dead', 'dead'), false],
  ['one other lost its storage only', n3, judged('healthy', 'storage-isolated', 'dead'), true],
  ['one other is out of reach', n3, judged('healthy', 'management-isolated', 'dead'), false],
  ['one other was never judged', n3, judged('healthy'), false],
  ['it runs no server', n4, judged('healthy', 'dead', 'healthy', 'dead'), true],
])('with three servers: %s', (_, node, judgements, may) => {
  expect(whyNotFence(nodeId(node ?? ''), three, judgements) === undefined).toBe(may);
});

test('no fence takes the majority, and any that leaves it is allowed', () => {
  const verdict = fc.constantFrom(...verdicts);
  fc.assert(
    fc.property(fc.array(verdict, { minLength: 5, maxLength: 5 }), fc.subarray(nodes), (all, members) => {
      const judgements = judged(...all);
      const serves = (node: typeof n1) =>
        ['healthy', 'storage-isolated'].includes(judgements.get(node)?.verdict ?? 'dead');
      const left = members.filter((node) => node !== n2 && serves(node)).length;
      const safe = !members.includes(n2 ?? n1) || left * 2 > members.length;
      expect(whyNotFence(n2 ?? n1, members, judgements) === undefined).toBe(safe);
    }),
  );
});
