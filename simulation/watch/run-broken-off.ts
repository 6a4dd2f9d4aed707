/** A run came to no end: its thread stood still, or died. */
export class RunBrokenOff extends Error {
  override readonly name = 'RunBrokenOff';
  readonly code = 'RUN_BROKEN_OFF';
  /** The instant of the last event that began; 0 before the first. */
  readonly atMs: number;
  /** The stack at which it stood, or of what ended it. */
  readonly where: string;

  /** `plays`: how many worlds were begun. */
  constructor(
    what: string,
    { atMs, plays, where }: { readonly atMs: number; readonly plays: number; readonly where: string },
  ) {
    super(`${what}${plays === 0 ? ', before the run began' : ''}${plays > 1 ? ', without jumps of wall clocks' : ''}`);
    this.atMs = atMs;
    this.where = where;
  }
}
