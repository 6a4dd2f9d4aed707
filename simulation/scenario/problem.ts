import type { z } from 'zod';
import type { ScenarioProblem } from './errors.ts';
import { shown } from './values.ts';

/** In words: the place in the file, what is there and what may be. */
function problemOf(issue: z.core.$ZodIssue, within: readonly PropertyKey[] = []): ScenarioProblem {
  const path = [...within, ...issue.path];
  if (issue.code === 'invalid_union') {
    const inner = closest(issue.errors);
    if (inner !== undefined) return problemOf(inner, path);
  }
  const isUnsaid = issue.code === 'invalid_type' && issue.message.startsWith('Invalid input');
  return { path: place(path), message: isUnsaid ? `${shown(issue.input)}; allowed: ${issue.expected}` : issue.message };
}

/** All that a schema found wrong. Unknown fields first: a field that is missing may be one of them, misspelt. */
export function problemsOf(issues: readonly z.core.$ZodIssue[]): ScenarioProblem[] {
  const isUnknownField = ({ code }: z.core.$ZodIssue) => code === 'unrecognized_keys';
  return [...issues.filter(isUnknownField), ...issues.filter((issue) => !isUnknownField(issue))].map((issue) =>
    problemOf(issue),
  );
}

/** Of several shapes the one that was meant: whose type was right and only something in it was not. */
function closest(errors: readonly (readonly z.core.$ZodIssue[])[]): z.core.$ZodIssue | undefined {
  return errors.map(([first]) => first).find((first) => first !== undefined && !isOfAnotherType(first));
}

function isOfAnotherType(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0;
}

/** For example `events[2].node`. */
export function place(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}
