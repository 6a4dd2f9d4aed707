import { z } from 'zod';
import { shown } from './values.ts';

/** An object that takes no other fields; the error names the unknown ones and all allowed ones. */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      const allowed = Object.keys(shape).join(', ');
      return issue.code === 'unrecognized_keys'
        ? `unknown field ${issue.keys.join(', ')}; allowed: ${allowed}`
        : `${shown(issue.input)}; allowed: an object with ${allowed}`;
    },
  });
}
