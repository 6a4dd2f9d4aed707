import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** What `watch-tests.ts` hands over: the memory in which it counts the turns of its event loop and names the test. */
interface Watched {
  readonly shared: SharedArrayBuffer;
  readonly stuckAfterMs: number;
}

/** The limit is that many looks without any change: a process that was stopped as a whole looked late once, and no more. */
const LOOKS = 10;
const STANDARD_ERROR = 2;

const { shared, stuckAfterMs } = workerData as Watched; // from `watch-tests.ts` alone; read by nothing that takes time to load
const beats = new Int32Array(shared, 0, 1);
let [seen, unchanged] = [0, 0];
const timer = setInterval(() => {
  const now = Atomics.load(beats, 0);
  unchanged = now === seen ? unchanged + 1 : 0;
  seen = now;
  if (unchanged < LOOKS) return;
  clearInterval(timer);
  void end();
}, stuckAfterMs / LOOKS);

async function end(): Promise<void> {
  const name = new TextDecoder().decode(new Uint8Array(shared, 4).slice()).replace(/\0+$/, '');
  const { stackOfMainThread } = await import('../simulation/watch/main-thread-stack.ts');
  const where = await stackOfMainThread();
  writeSync(STANDARD_ERROR, `\nSTANDS STILL for ${stuckAfterMs / 1000} s, ended: ${name}\n${where}\n`);
  process.kill(process.pid, 'SIGKILL'); // it answers to nothing else
}
