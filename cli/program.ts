import { Command } from 'commander';
import { registerActors } from './actors.ts';
import { registerFences } from './fences.ts';
import { registerLab } from './lab.ts';
import { registerSim } from './sim.ts';

/** Each adds its group of commands. One a line: so that groups can be added side by side. */
const groups: readonly ((program: Command) => void)[] = [
  registerSim, //
  registerLab,
  registerActors,
  registerFences,
];

/** The `understudy` command with all its groups. Parsing throws `CommanderError` when it ends early: help, wrong usage. */
export function createProgram(): Command {
  const program = new Command('understudy').description('High availability for virtual machines');
  program.exitOverride(); // commands added later inherit it
  for (const register of groups) register(program);
  return program;
}
