import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** A program failed: `message` has its name, its status and the end of what it wrote. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code = 'COMMAND_FAILED';
}

/** Runs a program to its end and returns its standard output. Throws `CommandFailed`. No shell. */
export function command(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = { maxBuffer: 64 << 20, cwd: options.cwd, env: options.env, timeout: options.timeoutMs ?? 0 };
    execFile(file, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else {
        const said = (stderr.trim() || stdout.trim()).split('\n').slice(-3).join(' | ');
        reject(new CommandFailed(`${file} ${args.slice(0, 3).join(' ')}: ${said || error.message}`, { cause: error }));
      }
    });
  });
}

/** Path of a program on the PATH (and in the system folders a user's PATH often lacks), or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/bin', '/bin'];
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}
