import type { Address } from './transport.ts';

/**
 * The partition of an address: FNV-1a over its UTF-8 bytes, modulo `partitions`. Part of the stored format: transports
 * and hosts must agree, so it may never change.
 */
export function partitionOf(address: Address, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code > 127) return ofBytes(address) % partitions;
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return (hash >>> 0) % partitions;
}

/** The same for text that is not ASCII: no checked address. */
function ofBytes(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
