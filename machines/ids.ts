import { z } from 'zod';

/** Branded ids: a NodeId can never be passed where a VmId is wanted. Made only by the functions below. */
export type NodeId = string & { readonly __brand: 'NodeId' };
export type VmId = string & { readonly __brand: 'VmId' };

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Checks a host name (RFC 1123 label, at most 63 characters). Throws `RangeError` that names the text. */
export function nodeId(text: string): NodeId {
  if (!NAME.test(text)) throw new RangeError(`not a node name: ${JSON.stringify(text)} (letters, digits and -)`);
  return text as NodeId; // checked on the line above
}

/** Checks a VM name (RFC 1123 label, at most 63 characters). Throws `RangeError` that names the text. */
export function vmId(text: string): VmId {
  if (!NAME.test(text)) throw new RangeError(`not a VM name: ${JSON.stringify(text)} (letters, digits and -)`);
  return text as VmId; // checked on the line above
}

/** A host name from outside. */
export const nodeIdSchema = idSchema<NodeId>('not a node name (letters, digits and -)');
/** A VM name from outside. */
export const vmIdSchema = idSchema<VmId>('not a VM name (letters, digits and -)');

/** True for what is a name of a node or a VM. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

function idSchema<Id extends string>(error: string): z.ZodType<Id, string> {
  return z.string().regex(NAME, { error }) as unknown as z.ZodType<Id, string>; // the brand exists for the compiler only
}
