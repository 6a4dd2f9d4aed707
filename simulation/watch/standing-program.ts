import { join } from 'node:path';
import type { PlayingProgram } from './playing-thread.ts';

/** For tests: the program of a thread whose runs do not end, each in its way. */
export function standingProgram(build: 'loops' | 'promises' | 'timer' | 'waits' | 'dies' | 'unknown'): PlayingProgram {
  return { file: join(import.meta.dirname, 'standing-player.ts'), argv: [build] };
}
