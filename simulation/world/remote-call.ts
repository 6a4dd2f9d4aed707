import type { VirtualTime } from '../virtual-time.ts';
import type { SimProcess } from './sim-process.ts';

/** A call from a process to something outside it: a way there, the act, a way back. */
export interface RemoteCall<Result> {
  /** Names the crash point: the process may die right after it sent this. */
  readonly port: 'storage' | 'database' | 'messaging';
  readonly process: SimProcess;
  readonly time: VirtualTime;
  readonly thereMs: number;
  readonly backMs: number;
  /** When nothing came back, the caller is told `unavailable` this long after it asked. */
  readonly timeoutMs: number;
  /** Whether the other end can be reached at this instant. */
  reachable(): boolean;
  /** Whether its answer can come back at this instant; as `reachable` if left out. */
  answerable?(): boolean;
  /** The act itself, at the other end. May throw: the caller sees it. */
  act(): Result | Promise<Result>;
  unavailable(): Error;
  /** Called instead of `act` when the request could not get there. */
  lost?(): void;
  /** Takes what would happen on arrival and lets it happen now or later; at once if left out. */
  arrive?(proceed: () => void): void;
}

/**
 * Plays one call. Lost on the way there: not done. Lost on the way back: done, and the caller cannot know. A process that
 * dies meanwhile never hears of it.
 */
export function remoteCall<Result>(call: RemoteCall<Result>): Promise<Result> {
  const { process, time } = call;
  const { host } = process;
  return new Promise<Result>((resolve, reject) => {
    if (!process.alive) return;
    const { boots } = host;
    const deadline = process.later(call.timeoutMs, () => reject(call.unavailable()));
    const answer = (settle: () => void) => {
      time.after(call.backMs, () => {
        if (!(call.answerable?.() ?? call.reachable())) return;
        process.run(() => {
          deadline.cancel();
          settle();
        });
      });
    };
    const proceed = () => {
      attempt(call).then(
        (result) => answer(() => resolve(result)),
        (error: unknown) => answer(() => reject(error)),
      );
    };
    time.after(call.thereMs, () => {
      if (!host.powered || host.boots !== boots) return;
      if (!call.reachable()) call.lost?.();
      else if (call.arrive === undefined) proceed();
      else call.arrive(proceed);
    });
    process.reach(call.port);
  });
}

async function attempt<Result>(call: RemoteCall<Result>): Promise<Result> {
  return await call.act();
}
