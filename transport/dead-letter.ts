import { z } from 'zod';
import { type DeadLetter, isAddress } from '#actors';
import type { Subjects } from './subjects.ts';

const letterSchema = z.object({ message: z.unknown(), reason: z.string() });
const LONGEST_REASON = 1_000;

/** What is stored of a refused message, and where: under the actor it names, as far as it names one. */
export function deadLetter(
  message: unknown,
  reason: string,
  subjects: Subjects,
  maxBytes: number,
): { subject: string; data: Uint8Array } {
  const to: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, 'to') : undefined;
  const subject = subjects.deadLetter(typeof to === 'string' && isAddress(to) ? to : undefined);
  const encode = (value: unknown): Uint8Array =>
    new TextEncoder().encode(JSON.stringify({ message: value, reason: reason.slice(0, LONGEST_REASON) }));
  const whole = encode(message);
  if (whole.length <= maxBytes) return { subject, data: whole };
  // Too large with the reason around it: its beginning, as text.
  return { subject, data: encode((JSON.stringify(message) ?? '').slice(0, maxBytes >> 4)) };
}

/** What somebody else put under these subjects is shown as it is: it must not hide the others. */
export function readDeadLetter(data: Uint8Array): DeadLetter {
  const text = new TextDecoder().decode(data);
  try {
    const { message, reason } = letterSchema.parse(JSON.parse(text));
    return { message, reason };
  } catch (error) {
    if (!(error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
    return { message: text, reason: 'no dead letter of this runtime: somebody else stored it here' };
  }
}
