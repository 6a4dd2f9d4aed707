import { NotSerialisable } from './errors.ts';

/** Throws `NotSerialisable` naming the path when JSON would lose or change something. `undefined` properties may be lost. */
export function assertSerialisable(value: unknown, path: string): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      break;
    case 'object': {
      if (value === null) return;
      if (Array.isArray(value)) {
        for (let at = 0; at < value.length; at++) assertSerialisable(value[at], `${path}[${at}]`);
        return;
      }
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) break;
      const record = value as Record<string, unknown>; // a plain object, by the line above
      for (const key in record) assertSerialisable(record[key], `${path}.${key}`);
      return;
    }
    default:
  }
  const what = typeof value === 'object' ? (value?.constructor?.name ?? 'object') : `${typeof value} ${String(value)}`;
  throw new NotSerialisable(`${path} holds a ${what}: contexts, events, inputs and outputs must be plain JSON`);
}
