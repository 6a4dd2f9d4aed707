import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_SHAPE, optimizeLate } from '../simulation/mod.ts';
import { fuzzCommand } from './sim-fuzz.ts';
import { replayCommand } from './sim-replay.ts';
import { checkCommand, runCommand } from './sim-run.ts';
import { soakCommand } from './sim-soak.ts';

/** `understudy sim`: the simulator. */
export function registerSim(program: Command): void {
  const sim = program.command('sim').description('the simulator: the real code under every fault, in virtual time');
  sim.hook('preAction', optimizeLate);
  sim
    .command('check')
    .description('reads scenario files and plays nothing; exit status 2: wrong, 3: needs what is not built yet')
    .argument('<file...>')
    .action(checkCommand);
  sim
    .command('run')
    .description(
      'plays scenario files; exit status 1: an expectation or invariant failed, 2: wrong file, 3: not built yet',
    )
    .argument('<file...>')
    .option('--json', 'one JSON object a line, one line a scenario', false)
    .option('--seed <seed>', 'instead of the seed in the file')
    .action(runCommand);
  shaped(sim.command('fuzz').description('plays random clusters under random faults; exit status 1 when a seed fails'))
    .option('--seeds <n>', 'how many', some, 100)
    .option('--from <seed>', 'the first', whole, 1)
    .option('--workers <n>', 'cores to use', some, 1)
    .option('--json', 'one JSON object a failing seed, then the summary', false)
    .option('--known <file>', 'JSON list of seeds known to fail: said, but no reason for exit status 1')
    .option('--no-shrink', 'do not look for the smallest schedule of each failure')
    .action(fuzzCommand);
  shaped(sim.command('soak').description('plays seeds until it is stopped; exit status 1 when one failed'))
    .option('--from <seed>', 'the first; otherwise one that depends on the time', whole)
    .option('--workers <n>', 'cores to use', some, 2)
    .action(soakCommand);
  shaped(sim.command('replay').description('plays one seed or schedule again: the same timeline, byte for byte'))
    .argument('<seed|file>', 'a seed of fuzz, or a file with a schedule that it printed')
    .option('--explain', 'tells the reasons in words', false)
    .option('--export <folder>', 'writes schedule.json, result.json and journals.json there')
    .action(replayCommand);
}

function shaped(command: Command): Command {
  return command
    .addOption(new Option('--nodes <range>', 'for example 3..9').argParser(range).default(DEFAULT_SHAPE.nodes, '3..5'))
    .addOption(new Option('--vms <range>', 'for example 2..40').argParser(range).default(DEFAULT_SHAPE.vms, '2..8'))
    .addOption(new Option('--hours <hours>', 'simulated hours').argParser(positive).default(DEFAULT_SHAPE.hours));
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}

function some(text: string): number {
  const value = whole(text);
  if (value === 0) throw new InvalidArgumentError('a whole number above 0 is wanted');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1e6)) throw new InvalidArgumentError('a number above 0 is wanted');
  return value;
}

function range(text: string): readonly [number, number] {
  const match = /^(\d{1,4})(?:\.\.(\d{1,4}))?$/.exec(text);
  const low = Number(match?.[1]);
  const high = Number(match?.[2] ?? match?.[1]);
  if (!(low >= 1 && high >= low)) throw new InvalidArgumentError('a range like 3..9 is wanted');
  return [low, high];
}
