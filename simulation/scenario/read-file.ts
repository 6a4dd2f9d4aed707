import { readFile } from 'node:fs/promises';
import { ScenarioInvalid } from './errors.ts';

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'a folder, name a file in it',
  EACCES: 'this user may not read it',
};

/** The text of a scenario or schedule. Throws `ScenarioInvalid` that names the file when it cannot be read. */
export async function readScenarioFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
    throw new ScenarioInvalid(file, [{ path: '(file)', message: WHY[String(error.code)] ?? error.message }]);
  }
}
