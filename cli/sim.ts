import { type Command, Option } from 'commander';
import { DEFAULT_SHAPE, optimizeLate, STUCK_AFTER_MS } from '../simulation/mod.ts';
import { decimalFrom, LAST_SEED, nameOf, rangeFrom, wholeFrom } from './option-values.ts';
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
  watched(sim.command('run'))
    .description(
      'plays scenario files; exit status 1: an expectation or invariant failed, 2: wrong file, 3: not built yet',
    )
    .argument('<file...>')
    .option('--json', 'one JSON object a line, one line a scenario', false)
    .option('--seed <seed>', 'a whole number, instead of the seed in the file', wholeFrom(0, Number.MAX_SAFE_INTEGER))
    .action(runCommand);
  watched(shaped(sim.command('fuzz')))
    .description('plays random clusters under random faults; exit status 1 when a seed fails')
    .option('--seeds <n>', 'how many, 1 to 1000000', wholeFrom(1, 1_000_000), 100)
    .option('--from <seed>', 'the first', wholeFrom(0, LAST_SEED), 1)
    .option('--workers <n>', 'cores to use, 1 to 64', wholeFrom(1, 64), 1)
    .option('--json', 'one JSON object a failing seed, then the summary', false)
    .option('--known <file>', 'JSON list of seeds known to fail: said, but no reason for exit status 1', nameOf)
    .option('--no-shrink', 'do not look for the smallest schedule of each failure')
    .action(fuzzCommand);
  watched(shaped(sim.command('soak')))
    .description('plays seeds until it is stopped, then sums up; exit status 1 when one failed')
    .option('--from <seed>', 'the first; otherwise one that depends on the time', wholeFrom(0, LAST_SEED))
    .option('--workers <n>', 'cores to use, 1 to 64', wholeFrom(1, 64), 2)
    .action(soakCommand);
  watched(shaped(sim.command('replay')))
    .description('plays one seed or schedule again: the same timeline, byte for byte')
    .argument('<seed|file>', 'a seed of fuzz, or a file with a schedule that it printed')
    .option('--explain', 'tells the reasons in words', false)
    .option('--export <folder>', 'writes schedule.json, result.json and journals.json there', nameOf)
    .action(replayCommand);
}

/** A run that stands still is ended, and has failed. */
function watched(command: Command): Command {
  return command.option(
    '--stuck-after <seconds>',
    'a run in which no event ends for so long is ended and has failed, 1 to 86400',
    wholeFrom(1, 86_400),
    STUCK_AFTER_MS / 1000,
  );
}

function shaped(command: Command): Command {
  const { nodes, vms, hours } = DEFAULT_SHAPE;
  return command
    .addOption(
      new Option('--nodes <range>', '3 to 9, for example 3..9').argParser(rangeFrom(3, 9)).default(nodes, '3..5'),
    )
    .addOption(
      new Option('--vms <range>', '1 to 100, for example 2..40').argParser(rangeFrom(1, 100)).default(vms, '2..8'),
    )
    .addOption(
      new Option('--hours <hours>', 'simulated hours, 0.1 to 24; at least 750 s are played')
        .argParser(decimalFrom(0.1, 24))
        .default(hours),
    );
}
