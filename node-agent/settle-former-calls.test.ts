import { expect, test } from 'vitest';
import { vmId } from '#machines';
import { HypervisorError, type VmCopy } from '#ports';
import { settleFormerCalls } from './settle-former-calls.ts';

const vm = vmId('web');

async function settled(state: VmCopy['state'], settles: boolean) {
  const calls: string[] = [];
  const outcome = await settleFormerCalls({
    list: async () => [{ vm, epoch: 1, state }],
    destroy: async () => void calls.push('destroy'),
    settle: async () => {
      calls.push('settle');
      if (!settles) throw new HypervisorError('a job does not end');
    },
  }).then(
    () => 'settled',
    () => 'not settled',
  );
  return [outcome, ...calls];
}

test.each([
  ['a running copy may be one that is migrated: it is settled', 'running', true, ['settled', 'settle']],
  [
    'a running copy that cannot be settled lives on, and nothing is certain',
    'running',
    false,
    ['not settled', 'settle'],
  ],
  ['a suspended copy may have a resume under way: it is settled', 'suspended', true, ['settled', 'settle']],
  ['a suspended copy that cannot be held still is given up', 'suspended', false, ['settled', 'settle', 'destroy']],
  ['a copy that is off may have a start under way: it is forced off', 'off', true, ['settled', 'destroy']],
] as const)('%s', async (_, state, settles, expected) => {
  expect(await settled(state, settles)).toEqual(expected);
});
