import type { SimProcess } from './sim-process.ts';

/**
 * Opens something at the servers that lasts for the process until it is closed. A process that heard no answer does not have
 * it: what was opened for it, or is when its request arrives late, is closed, as nobody reads it. Returns what closes it.
 */
export async function openLasting(
  process: SimProcess,
  call: (act: () => Promise<void>) => Promise<void>,
  open: () => Promise<() => void>,
): Promise<() => void> {
  let isWanted = true;
  let atServers: (() => void) | undefined;
  const close = () => {
    isWanted = false;
    atServers?.();
    atServers = undefined;
  };
  const arrive = async () => {
    process.atDeath(close);
    if (!isWanted) return;
    atServers = await open();
    if (!isWanted) close();
  };
  try {
    await call(arrive);
  } catch (error) {
    close();
    throw error;
  }
  return close;
}
