import { shared } from '#actors';

/**
 * A payload as it comes out at the other end: what `JSON.parse(JSON.stringify(payload))` gives, without the text between.
 * All receivers of one message are given the same object, so it is frozen: who writes to it throws.
 */
export function overTheWire(payload: unknown): unknown {
  return isPlain(payload) ? shared(fieldsOf(payload)) : (copyOf(payload, '') ?? null);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype && !('toJSON' in value);
}

/** Undefined for what JSON leaves out. */
function copyOf(value: unknown, key: string): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      // JSON knows neither NaN, nor the infinities, nor -0.
      return Number.isFinite(value) ? value + 0 : null;
    case 'object':
      return value === null ? null : copyOfObject(value, key);
    case 'bigint':
      throw new TypeError('JSON cannot carry a bigint');
    default:
      return undefined;
  }
}

function copyOfObject(value: object, key: string): unknown {
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (let at = 0; at < value.length; at += 1) items.push(copyOf(value[at], String(at)) ?? null);
    return Object.freeze(items);
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const plain: unknown = value.toJSON(key);
    return plain === value ? Object.freeze(fieldsOf(value)) : copyOf(plain, key);
  }
  const isBoxed = value instanceof Number || value instanceof String || value instanceof Boolean;
  return isBoxed ? copyOf(value.valueOf(), key) : Object.freeze(fieldsOf(value));
}

/** Copied as a whole first: nearly all fields are carried as they are, and what one literal made keeps one layout. */
function fieldsOf(value: object): object {
  const copy: Record<string, unknown> = { ...value };
  for (const field in copy) {
    const carried = copyOf(copy[field], field);
    if (carried === undefined) delete copy[field];
    else if (!Object.is(carried, copy[field])) copy[field] = carried;
  }
  return copy;
}
