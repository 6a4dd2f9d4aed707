import { InvalidAddress } from './errors.ts';
import type { Address } from './transport.ts';

const ADDRESS = /^[a-z][a-z0-9-]{0,31}\/[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** Checks `kind/id` (both become parts of message subjects). Throws `InvalidAddress`. */
export function address(text: string): Address {
  if (!ADDRESS.test(text)) throw new InvalidAddress(text);
  return text as Address; // checked on the line above
}

export function isAddress(text: string): text is Address {
  return ADDRESS.test(text);
}

/** The part before the slash. */
export function kindOf(of: Address): string {
  return of.slice(0, of.indexOf('/'));
}

/** FNV-1a, 32 bits, then mixed: the same on every host. Not for partitions: `partitionOf` has its own, stored format. */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
