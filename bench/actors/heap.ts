import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
// Code that is not run for a few collections would be let go, and count as memory that actors gave back.
setFlagsFromString('--no-flush-bytecode');
const collect: unknown = runInNewContext('gc');

/** Bytes this process holds on to, after a full garbage collection: JavaScript objects and buffers outside the heap. */
export async function heldBytes(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    if (typeof collect === 'function') collect();
    // What finalizers let go of is free after the next collection.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
