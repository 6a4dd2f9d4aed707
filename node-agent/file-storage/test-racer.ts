import { nodeId, vmId } from '#machines';
import { FileSharedStorage } from './file-shared-storage.ts';

/** For the tests: raises the lease's generation in a race with other processes, prints the generations won. */
const [path, node, last] = process.argv.slice(2);
if (path === undefined || node === undefined || last === undefined) throw new Error('usage: test-racer PATH NODE LAST');
const storage = await FileSharedStorage.open(path);
const vm = vmId('web-1');
const won: number[] = [];
for (;;) {
  const current = await storage.readLease(vm);
  const generation = (current?.generation ?? 0) + 1;
  if (generation > Number(last)) break;
  const next = { vm, epoch: 1, generation, status: 'held', node: nodeId(node), incarnation: 1 } as const;
  if (await storage.compareAndWriteLease(current, next)) won.push(generation);
}
await storage.close();
process.stdout.write(JSON.stringify(won));
