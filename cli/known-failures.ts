import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Seeds that are known to fail: the invariant that breaks, and why it still does. */
const knownFailures = z.record(
  z.string().regex(/^\d+$/),
  z.strictObject({ invariant: z.string().min(1), why: z.string().min(1) }),
);
export type KnownFailures = z.output<typeof knownFailures>;

/** Reads such a list. Throws `ZodError`, `SyntaxError` or the file system's error. */
export function readKnownFailures(file: string): KnownFailures {
  return knownFailures.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Why this failure is expected; undefined when it is news, also when that seed breaks another invariant than the one known. */
export function whyKnown(known: KnownFailures, seed: number, failure: string): string | undefined {
  const found = known[String(seed)];
  return found !== undefined && failure.startsWith(found.invariant) ? found.why : undefined;
}
