import type { Library } from './library.ts';

let users = 0;
let turning: Promise<void> | undefined;

/** Runs libvirt's event loop (on one worker thread) while anybody uses it. Returns how to stop using it. */
export function useEventLoop(library: Library): () => Promise<void> {
  users += 1;
  turning ??= turn(library);
  let used = true;
  return async () => {
    if (!used) return;
    used = false;
    users -= 1;
    if (users > 0) return;
    library.wakeEventLoop(); // a loop that waits for ever would keep the process from ending
    await turning;
  };
}

async function turn(library: Library): Promise<void> {
  while (users > 0) {
    if ((await library.runEventLoopOnce()) < 0) throw new Error('the libvirt event loop broke');
  }
  turning = undefined;
}
