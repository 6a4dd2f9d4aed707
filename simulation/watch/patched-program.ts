import { join } from 'node:path';
import type { Patch } from '../mutations/patch.ts';
import type { PlayingProgram } from './playing-thread.ts';

/** For tests: the program of a thread that plays the product with mistakes in the midst of its text. */
export function patchedProgram(patches: readonly Patch[]): PlayingProgram {
  return { file: join(import.meta.dirname, 'patched-player.ts'), argv: [JSON.stringify(patches)] };
}
