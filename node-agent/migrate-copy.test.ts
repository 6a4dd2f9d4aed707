import { expect, test } from 'vitest';
import { nodeId, vmId } from '#machines';
import type { LeaseSector } from '#ports';
import { migrateCopy } from './migrate-copy.ts';
import type { CopyPorts } from './start-copy.ts';

const vm = vmId('web-1');
const sector: LeaseSector = {
  ...{ vm, epoch: 1, generation: 4, status: 'held', node: nodeId('n1'), incarnation: 1, sequence: 7 },
};

/** Only what a source looks at before it does anything. */
function sourceWith(status: LeaseSector['status'], node = 'n1'): CopyPorts {
  const found: LeaseSector = { ...sector, status, node: nodeId(node) };
  const ports: Partial<CopyPorts> = { node: nodeId('n1'), incarnation: () => 1 };
  return { ...ports, storage: { readLease: async () => found } } as unknown as CopyPorts; // the rest is not called
}

test.each([
  ['released', 'n1', { ok: true }],
  // The first answer may have been lost: the VM must not be started for that (T7b).
  ['stopped', 'n1', { ok: false, code: 'STOPPED_BY_WISH', definite: true }],
  ['held', 'n2', { ok: false, code: 'SUPERSEDED', definite: true, holder: 'n2' }],
] as const)('a source asked again whose sector is %s by %s says so', async (status, node, answer) => {
  const reply = await migrateCopy(sourceWith(status, node), { do: 'migrate', vm, epoch: 1, to: nodeId('n2') });
  expect(reply).toMatchObject(answer);
});
