import type { MsgHdrs } from '@nats-io/transport-node';

/**
 * Headers of a message as bytes, written in one go: the client library's own take fifty times as long, and a step has
 * eight of them. Throws `RangeError` on a line break, which would begin another header.
 */
export function rawHeaders(fields: Readonly<Record<string, string>>): MsgHdrs {
  let text = 'NATS/1.0\r\n';
  for (const name in fields) {
    const value = fields[name] ?? '';
    if (value.includes('\n') || value.includes('\r')) {
      throw new RangeError(`header ${name} holds a line break: ${JSON.stringify(value)}`);
    }
    text += `${name}: ${value}\r\n`;
  }
  const bytes = Buffer.from(`${text}\r\n`);
  // `encode` is all that publishing and requesting ask of headers; the type does not show it.
  return { encode: () => bytes } as unknown as MsgHdrs;
}
