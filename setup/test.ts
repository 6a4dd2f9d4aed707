import { findProgram } from './command.ts';
import { ensureHypervisor } from './hypervisor.ts';
import { ensureNatsServer } from './nats-server.ts';
import { runProjects } from './run-projects.ts';
import { ensureSecantusDb } from './secantusdb.ts';

/**
 * `npm test`: gets what the tests need, says what they use, then runs everything in the order of cost. Exit status 0 only
 * if something ran and all of it passed.
 */
const missing: string[] = [];

async function part(name: string, get: () => Promise<string>): Promise<void> {
  try {
    console.log(`${name}: ${await get()}`);
  } catch (error) {
    missing.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

await part('nats-server', () => ensureNatsServer(console.log));
await part('MongoDB to test on', async () => (await findProgram('mongod')) ?? (await ensureSecantusDb(console.log)));
await part('hypervisor', async () => {
  const hypervisor = await ensureHypervisor(console.log);
  if (hypervisor.kind === 'none') throw new Error(hypervisor.why);
  return hypervisor.qemu;
});

function warn(): void {
  for (const line of missing) console.error(`!! MISSING: ${line}`);
}

warn();
const passed = await runProjects(['unit', 'sim', 'servers', 'lab'], warn);
process.exitCode = passed ? 0 : 1;
