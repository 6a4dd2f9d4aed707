/**
 * A payload as it comes out at the other end: plain JSON that shares nothing with the sender. All receivers of one message
 * are given the same object, so it is frozen: who writes to it throws.
 */
export function overTheWire(payload: unknown): unknown {
  return frozen(JSON.parse(JSON.stringify(payload ?? null)));
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const key in value) frozen(Reflect.get(value, key));
  return Object.freeze(value);
}
