import type { VirtualTime } from '../virtual-time.ts';
import type { SimProcess } from './host.ts';

/** A call from a process to something outside it: a way there, the act, a way back. */
export interface RemoteCall<Result> {
  readonly process: SimProcess;
  readonly time: VirtualTime;
  readonly thereMs: number;
  readonly backMs: number;
  /** When nothing came back, the caller is told `unavailable` this long after it asked. */
  readonly timeoutMs: number;
  /** Whether the other end can be reached at this instant; asked for the way there and again for the way back. */
  reachable(): boolean;
  /** The act itself, at the other end. May throw: the caller sees it. */
  act(): Result | Promise<Result>;
  unavailable(): Error;
  /** Called instead of `act` when the request could not get there. */
  lost?(): void;
}

/**
 * Plays one call. Lost on the way there: not done. Lost on the way back: done, and the caller cannot know. A process that
 * dies meanwhile never hears of it.
 */
export function remoteCall<Result>(call: RemoteCall<Result>): Promise<Result> {
  const { process, time } = call;
  return new Promise<Result>((resolve, reject) => {
    if (!process.alive) return;
    const deadline = process.later(call.timeoutMs, () => reject(call.unavailable()));
    const answer = (settle: () => void) => {
      time.after(call.backMs, () => {
        if (!call.reachable()) return;
        process.run(() => {
          deadline.cancel();
          settle();
        });
      });
    };
    time.after(call.thereMs, () => {
      if (!process.host.powered) return;
      if (!call.reachable()) {
        call.lost?.();
        return;
      }
      attempt(call).then(
        (result) => answer(() => resolve(result)),
        (error: unknown) => answer(() => reject(error)),
      );
    });
  });
}

async function attempt<Result>(call: RemoteCall<Result>): Promise<Result> {
  return await call.act();
}
