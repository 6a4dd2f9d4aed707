import { NotSerialisable } from './errors.ts';

/** Deeper than any sensible value; a circle never ends. */
const DEEPEST = 200;

/** Throws `NotSerialisable` naming the path when JSON would lose or change something. `undefined` properties, symbols as keys and the sign of zero may be lost. */
export function assertSerialisable(value: unknown, path: string, depth = 0): void {
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
      if (depth > DEEPEST) {
        throw new NotSerialisable(`${path.slice(0, 80)}... goes in a circle, or deeper than ${DEEPEST} levels`);
      }
      if (Array.isArray(value)) {
        for (let at = 0; at < value.length; at++) {
          if (value[at] === undefined) throw new NotSerialisable(`${path}[${at}] is undefined: JSON makes null of it`);
          assertSerialisable(value[at], `${path}[${at}]`, depth + 1);
        }
        return;
      }
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) break;
      const record = value as Record<string, unknown>; // a plain object, by the line above
      for (const key in record) assertSerialisable(record[key], `${path}.${key}`, depth + 1);
      return;
    }
    default:
  }
  const what = typeof value === 'object' ? (value?.constructor?.name ?? 'object') : `${typeof value} ${String(value)}`;
  throw new NotSerialisable(`${path} holds a ${what}: contexts, events, inputs and outputs must be plain JSON`);
}
