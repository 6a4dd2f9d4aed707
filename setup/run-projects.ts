import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { notRunIn, reportedTests, toldLoudly } from './not-run.ts';

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number(),
  success: z.boolean(),
  testResults: reportedTests,
});

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: readonly string[];
}

/**
 * Runs these vitest projects one after the other, all of them even when one fails, and prints the sum as the last line:
 * `N passed, N failed`, after calling `beforeSum`. A project that could not run at all counts as one failure. True when all passed.
 */
export async function runProjects(projects: readonly string[], beforeSum: () => void): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-test-'));
  const sum = { passed: 0, failed: 0 };
  const notRun: string[] = [];
  try {
    for (const project of projects) {
      console.log(`\n== ${project} tests`);
      const count = await runProject(project, join(folder, `${project}.json`));
      sum.passed += count.passed;
      sum.failed += count.failed;
      notRun.push(...count.notRun);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  beforeSum();
  if (notRun.length > 0) console.log(`\n${toldLoudly(notRun)}`);
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 && sum.passed > 0;
}

async function runProject(project: string, reportFile: string): Promise<Count> {
  const status = await run('vitest', [
    'run',
    `--project=${project}`,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportFile}`,
  ]);
  const report = await readReport(reportFile);
  if (report === undefined) return { passed: 0, failed: 1, notRun: [] };
  // A file that fails to load holds no failed test, and vitest may fail for an unhandled error alone: neither may pass.
  const failed = Math.max(report.numFailedTests, status === 0 && report.success ? 0 : 1);
  return { passed: report.numPassedTests, failed, notRun: notRunIn(report.testResults) };
}

async function readReport(file: string): Promise<z.infer<typeof reportSchema> | undefined> {
  try {
    return reportSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    console.error(`vitest left no report that can be read: ${String(error)}`);
    return undefined;
  }
}

/** Runs a program from node_modules/.bin with our output; resolves with its exit status, 1 when a signal ended it. */
function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
