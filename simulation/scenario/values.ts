import { z } from 'zod';

/** The longest time that a file may speak of: more than a hundred days, which take about an hour to play. */
export const LONGEST_SECONDS = 10_000_000;

/** What a field that is not right is told. `allowed`: in words, what may stand there. */
export function allowing(allowed: string): { readonly error: (issue: { readonly input?: unknown }) => string } {
  return { error: ({ input }) => `${shown(input)}; allowed: ${allowed}` };
}

/** What an object is told whose field `field` says of which kind it is, and no kind of that name is there. */
export function allowingKinds(field: string, what: string, kinds: readonly string[]) {
  const allowed = kinds.join(', ');
  return {
    error: ({ code, input }: { readonly code?: string; readonly input?: unknown }) => {
      if (code !== 'invalid_union') return `${shown(input)}; allowed: an object with ${field} and what that needs`;
      const kind: unknown = typeof input === 'object' && input !== null ? Reflect.get(input, field) : undefined;
      return kind === undefined
        ? `missing; allowed: ${allowed}`
        : `unknown ${what} ${short(kind)}; allowed: ${allowed}`;
    },
  };
}

/** The value that was found, short and on one line. */
export function shown(input: unknown): string {
  return input === undefined ? 'missing' : `${short(input)} is not an allowed value`;
}

const MOST_SHOWN = 60;

function short(input: unknown): string {
  const text = typeof input === 'number' ? String(input) : (JSON.stringify(input) ?? String(input));
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text;
}

/** A number of that range, both ends included. */
export function from(low: number, high: number) {
  const range = allowing(`${low} to ${high}`);
  return z.number(range).min(low, range).max(high, range);
}

/** The same without fractions. */
export function wholeFrom(low: number, high: number) {
  const range = allowing(`whole numbers from ${low} to ${high}`);
  return z.int(range).min(low, range).max(high, range);
}

/** One of these words. */
export function oneOf<const Words extends readonly string[]>(words: Words) {
  return z.enum(words, allowing(words.join(', ')));
}

export const yesOrNo = z.boolean(allowing('true, false'));
export const at = from(0, LONGEST_SECONDS);
/** How long something lasts. */
export const seconds = from(0.001, LONGEST_SECONDS);
/** By how much a wall clock jumps: about thirty years, either way. */
export const clockSeconds = from(-1e9, 1e9);
export const milliseconds = from(0, 600_000);
export const percent = from(0, 100);

const nameShape = allowing('letters, digits and - inside, at most 63 characters');
/** What a node or a VM may be called. */
export const name = z.string(nameShape).regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i, nameShape);
/** A name of something that must be defined elsewhere in the file: looked up later, by `unknownNames`. */
export const reference = z.string(allowing('a name'));

const titleShape = allowing('1 to 200 characters on one line');
/** A title for people. */
export const title = z.string(titleShape).regex(/^[^\p{Cc}\u2028\u2029]{1,200}$/u, titleShape);

/** A list of that many. */
export function listOf<Item extends z.ZodType>(item: Item, least: number, most: number) {
  const length = allowing(`a list of ${least} to ${most}`);
  return z.array(item, length).min(least, length).max(most, length);
}
