import { runProjects } from './run-projects.ts';

/** `npm test`: everything, in the order of cost. Exit status 0 only if something ran and all of it passed. */
const passed = await runProjects(['unit', 'servers', 'lab']);
process.exitCode = passed ? 0 : 1;
