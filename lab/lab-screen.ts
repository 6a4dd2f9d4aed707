import type { LabStatus } from './lab-status.ts';
import { renderStatus } from './render-status.ts';

const REDRAW_MS = 500;

/** Where people see the lab: steps and events as lines; on a terminal, once it runs, the live table. */
export class LabScreen {
  readonly #out: NodeJS.WriteStream;
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** A line that stays. Shown above the table while one is there. */
  line(text: string): void {
    this.#erase();
    this.#out.write(`${text}\n`);
  }

  /** From now on the table, when this is a terminal; else nothing: events go on as lines. */
  live(status: () => LabStatus): void {
    if (!this.#out.isTTY) return;
    this.#draw(status());
    this.#timer = setInterval(() => this.#draw(status()), REDRAW_MS);
  }

  /** True while events are part of the table. */
  get isLive(): boolean {
    return this.#timer !== undefined;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
  }

  #draw(status: LabStatus): void {
    // A table taller than the terminal would scroll, and then could not be erased.
    const lines = renderStatus(status, this.#out.columns, true).slice(0, Math.max(1, this.#out.rows - 1));
    this.#erase();
    this.#out.write(lines.map((text) => `${text}\n`).join(''));
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn > 0) this.#out.write(`\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }
}
