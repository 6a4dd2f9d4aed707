#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createProgram } from './program.ts';

/** What a user typed wrong is said in a line and ends with 2, as all that a user can mend. */
try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
