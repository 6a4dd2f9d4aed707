import type { z } from 'zod';

/**
 * `schema.safeParse` that checks one and the same object only once. For payloads and documents, which nobody changes: where
 * many hosts live in one process they are given the same object. The result is shared too, so leave it as it is.
 */
export function parseOnce<Output>(schema: z.ZodType<Output>): (value: unknown) => z.ZodSafeParseResult<Output> {
  const known = new WeakMap<object, z.ZodSafeParseResult<Output>>();
  return (value) => {
    if (typeof value !== 'object' || value === null) return schema.safeParse(value);
    const before = known.get(value);
    if (before !== undefined) return before;
    const result = schema.safeParse(value);
    known.set(value, result);
    return result;
  };
}
