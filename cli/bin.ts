#!/usr/bin/env node
import { CommanderError } from 'commander';
import { ScenarioInvalid } from '../simulation/mod.ts';
import { createProgram } from './program.ts';
import { UserMistake } from './user-mistake.ts';

/** What a user gave wrong is said in a line and ends with 2, as all that a user can mend. */
try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof UserMistake || error instanceof ScenarioInvalid) {
    console.error(error.message);
    process.exitCode = 2;
  } else throw error;
}
