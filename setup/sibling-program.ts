import { dirname, extname, join } from 'node:path';

/** Path of a program beside `file`, to be started as a process or worker: TypeScript here, JavaScript in the built package. */
export function siblingProgram(file: string, name: string): string {
  return join(dirname(file), `${name}${extname(file)}`);
}
