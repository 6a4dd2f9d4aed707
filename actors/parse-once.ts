import type { z } from 'zod';

/** Beside what a shared object holds: who checked it, and what came out. */
const CHECKED = Symbol('checked');

interface Checked {
  by: unknown;
  result: unknown;
}

/**
 * Makes a frozen object remember its check. For payloads and documents that many hosts in one process are given, all the
 * same object: in-memory transports and databases. What comes over a real wire is checked each time.
 */
export function shared<Value extends object>(value: Value): Value {
  const checked: Checked = { by: undefined, result: undefined };
  return Object.freeze(Object.defineProperty(value, CHECKED, { value: checked }));
}

/** `schema.safeParse` that checks a `shared` object only once. The result is shared too: leave it as it is. */
export function parseOnce<Output>(schema: z.ZodType<Output>): (value: unknown) => z.ZodSafeParseResult<Output> {
  const parse = (value: unknown): z.ZodSafeParseResult<Output> => {
    const checked = checkedOf(value);
    if (checked === undefined) return schema.safeParse(value);
    if (checked.by !== parse) {
      checked.result = schema.safeParse(value);
      checked.by = parse;
    }
    return checked.result as z.ZodSafeParseResult<Output>; // it is of this very schema, by the lines above
  };
  return parse;
}

function checkedOf(value: unknown): Checked | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as { readonly [CHECKED]?: Checked })[CHECKED]; // set by `shared` alone: nobody else has the symbol
}
