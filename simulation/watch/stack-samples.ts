/** One function that was being executed. */
export interface Frame {
  readonly name: string;
  /** File, line and column. */
  readonly place: string;
}

/** The stack of a thread at one moment, the innermost function first. */
export type Stack = readonly Frame[];

/**
 * Several looks at a thread that stands still, as one stack in words: the deepest. Whoever waits for a call stands at the same place every
 * time. The outermost function that was found at several places is marked: it is the one that goes round, or is called by it.
 */
export function inWords(samples: readonly Stack[]): string {
  const [first = [], ...others] = samples.filter(({ length }) => length > 0).toSorted((a, b) => b.length - a.length);
  const fromOutside = first.toReversed();
  const moves = fromOutside.findIndex((frame, depth) =>
    others.some((stack) => stack.at(-1 - depth)?.place !== frame.place),
  );
  const marked = first.length - 1 - (moves < 0 ? first.length - 1 : moves);
  return first
    .map(({ name, place }, index) => {
      const mark = index === marked ? '   <- the outermost that moved on' : '';
      return `    at ${name === '' ? '(anonymous)' : name} (${place})${mark}`;
    })
    .join('\n');
}
