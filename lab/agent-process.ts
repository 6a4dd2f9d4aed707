import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from './process-identity.ts';

/** Whether that process is a lab node's agent: `node .../agent.ts CONFIG`. */
export function isAgent({ pid }: ProcessIdentity): boolean {
  try {
    return /\/agent\.[jt]s$/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[1] ?? '');
  } catch {
    return false; // ended meanwhile
  }
}
