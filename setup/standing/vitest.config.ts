import { defineConfig } from 'vitest/config';

/** A test run that stands still: `watch-tests.test.ts` starts it. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['standing.fixture.ts'],
    setupFiles: ['../watch-tests.ts'],
  },
});
