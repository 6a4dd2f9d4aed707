import type { Address } from './transport.ts';

/**
 * The partition of an address: FNV-1a over its UTF-8 bytes, modulo `partitions`. Part of the stored format: transports
 * and hosts must agree, so it may never change.
 */
export function partitionOf(address: Address, partitions: number): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(address)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % partitions;
}
