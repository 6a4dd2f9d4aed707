import { TerminalError } from '#actors';

/** One thing wrong in a scenario file. `path`: the place in the file, for example `events[2].node`. */
export interface ScenarioProblem {
  readonly path: string;
  readonly message: string;
}

/** The file cannot be played (exit status 2): nothing of it was. Its message is one line: the first problem, and how many more. */
export class ScenarioInvalid extends TerminalError {
  override readonly name = 'ScenarioInvalid';
  readonly code = 'SCENARIO_INVALID';
  readonly problems: readonly ScenarioProblem[];

  constructor(file: string, problems: readonly ScenarioProblem[]) {
    const lines = new Set(
      problems.map(({ path, message }) => `${file === '' ? "''" : file}: ${path === '' ? '(top)' : path}: ${message}`),
    );
    const [first = `${file}: cannot be played`] = lines;
    super(onOneLine(lines.size > 1 ? `${first} (and ${lines.size - 1} more)` : first));
    this.problems = problems;
  }
}

/** The file is right, but needs something that is not built yet (exit status 3): never a silent pass. */
export class ScenarioNotBuilt extends TerminalError {
  override readonly name = 'ScenarioNotBuilt';
  readonly code = 'SCENARIO_NOT_BUILT';

  constructor(file: string, missing: readonly ScenarioProblem[]) {
    super(
      missing
        .map(({ path, message }) => `${file === '' ? "''" : file}: ${path}: ${message} is not built yet`)
        .join('\n'),
    );
  }
}

/** Names from a file may hold anything, also what ends a line or moves the cursor of a terminal. */
function onOneLine(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u2028\u2029]/gu,
    (found) => `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
