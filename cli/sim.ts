import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseScenario, refuseWhatIsNotBuilt, ScenarioInvalid, ScenarioNotBuilt } from '../simulation/mod.ts';

/** `understudy sim`: the simulator. */
export function registerSim(program: Command): void {
  const sim = program.command('sim').description('the simulator: the real code under every fault, in virtual time');
  sim
    .command('check')
    .description('reads scenario files and plays nothing; exit status 2: wrong, 3: needs what is not built yet')
    .argument('<file...>')
    .action(async (files: string[]) => {
      for (const file of files) process.exitCode = Math.max(Number(process.exitCode ?? 0), await check(file));
    });
}

async function check(file: string): Promise<number> {
  try {
    refuseWhatIsNotBuilt(parseScenario(await readFile(file, 'utf8'), file), file);
    return 0;
  } catch (error) {
    if (!(error instanceof ScenarioInvalid || error instanceof ScenarioNotBuilt)) throw error;
    console.error(error.message);
    return error instanceof ScenarioInvalid ? 2 : 3;
  }
}
