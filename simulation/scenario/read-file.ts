import { createReadStream } from 'node:fs';
import { ScenarioInvalid } from './errors.ts';

/** More than the largest file that makes sense; also what a device gives that never ends. */
const LARGEST_MIB = 16;

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'a folder, name a file in it',
  EACCES: 'this user may not read it',
};

/** The text of a scenario, a schedule or a list. Throws `ScenarioInvalid` that names the file when it cannot be read. */
export async function readScenarioFile(file: string): Promise<string> {
  const refused = (message: string) => new ScenarioInvalid(file, [{ path: '(file)', message }]);
  const parts: Buffer[] = [];
  try {
    // One byte more tells that there is more.
    for await (const part of createReadStream(file, { end: LARGEST_MIB * 2 ** 20 })) parts.push(part);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw refused(WHY[String(error.code)] ?? error.message);
  }
  const bytes = Buffer.concat(parts);
  if (bytes.length > LARGEST_MIB * 2 ** 20) throw refused(`too large; allowed: up to ${LARGEST_MIB} MiB`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused('not UTF-8 text; allowed: JSON or YAML in UTF-8');
  }
}
