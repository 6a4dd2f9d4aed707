import { relative } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { z } from 'zod';

/** What vitest's JSON report says of single tests. */
export const reportedTests = z.array(
  z.object({ name: z.string(), assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) }),
);

const RAN: ReadonlySet<string> = new Set(['passed', 'failed']);

/** The tests of a report that did not run, each with its file. */
export function notRunIn(report: z.output<typeof reportedTests>, root = process.cwd()): readonly string[] {
  return report.flatMap(({ name: file, assertionResults }) =>
    assertionResults
      .filter(({ status }) => !RAN.has(status))
      .map(({ fullName }) => `${relative(root, file)}: ${fullName}`),
  );
}

/** What a reader must not overlook. */
export function toldLoudly(notRun: readonly string[]): string {
  return notRun.map((test) => `!! NOT RUN: ${test}`).join('\n');
}

/** The last words of every run of vitest: which tests it did not run. Silent where a person asked for some by name. */
export class NotRunReporter implements Reporter {
  #byName = false;

  onInit(vitest: Vitest): void {
    this.#byName = vitest.config.testNamePattern !== undefined;
  }

  /** Vitest's default reporter speaks before this one. */
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#byName) return;
    const notRun = modules.flatMap((module) =>
      [...module.children.allTests('skipped')].map((test) => `${module.relativeModuleId}: ${test.fullName}`),
    );
    if (notRun.length > 0) console.error(toldLoudly(notRun));
  }
}
