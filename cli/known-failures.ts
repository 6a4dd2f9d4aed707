import { z } from 'zod';
import { readScenarioFile, ScenarioInvalid } from '../simulation/mod.ts';

/** Seeds that are known to fail: the invariant that breaks, and why it still does. */
const knownFailures = z.record(
  z.string().regex(/^\d{1,9}$/),
  z.strictObject({ invariant: z.string().min(1), why: z.string().min(1) }),
);
export type KnownFailures = z.output<typeof knownFailures>;

const SHAPE = 'allowed: {"SEED": {"invariant": "its name", "why": "a reason"}}';

/** Reads such a list. Throws `ScenarioInvalid` that names the file and the place in it. */
export async function readKnownFailures(file: string): Promise<KnownFailures> {
  const refused = (path: string, message: string) => new ScenarioInvalid(file, [{ path, message }]);
  const text = await readScenarioFile(file);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw refused('(top)', `not JSON: ${error instanceof Error ? error.message : String(error)}; ${SHAPE}`);
  }
  const parsed = knownFailures.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw refused(parsed.error.issues[0]?.path.join('.') ?? '', `not an entry of such a list; ${SHAPE}`);
}

/** Why this failure is expected; undefined when it is news, also when that seed breaks another invariant than the one known. */
export function whyKnown(known: KnownFailures, seed: number, failure: string): string | undefined {
  const found = known[String(seed)];
  return found !== undefined && failure.startsWith(found.invariant) ? found.why : undefined;
}
