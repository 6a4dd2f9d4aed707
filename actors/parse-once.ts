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

/** What reading came to. */
type Read<Output> =
  | { readonly success: true; readonly data: Output }
  | { readonly success: false; readonly error: Error; readonly data?: undefined };

/** A schema, or what reads as one does. */
interface Reader<Output> {
  safeParse(value: unknown): Read<Output>;
}

/** `reader.safeParse` that checks a `shared` object only once. The result is shared too: leave it as it is. */
export function parseOnce<Output>(reader: Reader<Output>): (value: unknown) => Read<Output> {
  const parse = (value: unknown): Read<Output> => {
    const checked = checkedOf(value);
    if (checked === undefined) return reader.safeParse(value);
    if (checked.by !== parse) {
      checked.result = reader.safeParse(value);
      checked.by = parse;
    }
    return checked.result as Read<Output>; // it is of this very reader, by the lines above
  };
  return parse;
}

function checkedOf(value: unknown): Checked | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return (value as { readonly [CHECKED]?: Checked })[CHECKED]; // set by `shared` alone: nobody else has the symbol
}
