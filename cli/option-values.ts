import { InvalidArgumentError } from 'commander';

/** Seeds have at most nine digits: a longer number after `sim replay` is no seed. */
export const LAST_SEED = 999_999_999;

/** Reads a whole number of that range, both ends included; written in digits and nothing else. */
export function wholeFrom(low: number, high: number): (text: string) => number {
  return (text) => within(/^\d{1,16}$/, text, low, high, `whole numbers from ${low} to ${high}`);
}

/** The same with a decimal fraction. */
export function decimalFrom(low: number, high: number): (text: string) => number {
  return (text) => within(/^\d{1,16}(\.\d{1,16})?$/, text, low, high, `${low} to ${high}`);
}

/** Reads one number or two with `..` between, the smaller first: the least and the most. */
export function rangeFrom(low: number, high: number): (text: string) => readonly [number, number] {
  const allowed = `numbers and ranges from ${low} to ${high}, like ${low}..${high}`;
  return (text) => {
    const [, first, second = first] = /^(\d{1,16})(?:\.\.(\d{1,16}))?$/.exec(text) ?? [];
    const range = [Number(first), Number(second)] as const;
    if (!(low <= range[0] && range[0] <= range[1] && range[1] <= high)) throw refused(allowed);
    return range;
  };
}

/** Takes any text but an empty one. */
export function nameOf(text: string): string {
  if (text === '') throw refused('a name');
  return text;
}

function within(shape: RegExp, text: string, low: number, high: number, allowed: string): number {
  const value = Number(text);
  if (!shape.test(text) || value < low || value > high) throw refused(allowed);
  return value;
}

function refused(allowed: string): InvalidArgumentError {
  return new InvalidArgumentError(`allowed: ${allowed}`);
}
