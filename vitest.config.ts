import { defineConfig } from 'vitest/config';
import { NotRunReporter } from './setup/not-run.ts';

/** `unit`: no servers, beside the code. `sim`: many simulated runs. `servers`: real NATS, MongoDB. `lab`: the whole cluster, end to end. */
export default defineConfig({
  test: {
    reporters: ['default', new NotRunReporter()],
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['setup/watch-tests.ts'],
          expect: { poll: { timeout: 4_000 } },
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.sim.test.ts', '**/*.servers.test.ts', '**/*.lab.test.ts'],
        },
      },
      {
        test: {
          name: 'sim',
          setupFiles: ['setup/watch-tests.ts'],
          include: ['**/*.sim.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'servers',
          include: ['**/*.servers.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 15_000 } },
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'lab',
          include: ['**/*.lab.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
