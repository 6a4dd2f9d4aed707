const ENCODER = new TextEncoder();

/** Bytes of a text as it is stored and sent (UTF-8). */
export function bytesOf(text: string): number {
  return ENCODER.encode(text).length;
}
