import { systemClock } from '#actors';
import { vmId } from '#machines';
import { openFileStorage } from './open-file-storage.ts';
import { testLease } from './test-area.ts';

/** For the tests: raises the lease's generation in a race with other processes, prints the generations won. */
const [path, node, last] = process.argv.slice(2);
if (path === undefined || node === undefined || last === undefined) throw new Error('usage: test-racer PATH NODE LAST');
const storage = await openFileStorage(path, { clock: systemClock, deadlineMs: 10_000, oneMachine: true });
const won: number[] = [];
for (;;) {
  const current = await storage.readLease(vmId('web-1'));
  const generation = (current?.generation ?? 0) + 1;
  if (generation > Number(last)) break;
  if (await storage.compareAndWriteLease(current, testLease(node, generation))) won.push(generation);
}
await storage.close();
process.stdout.write(JSON.stringify(won));
