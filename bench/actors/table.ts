import type { StepRate } from './durable-steps.ts';
import type { Rate } from './rate.ts';

/** One figure: what was measured, what was asked for, and whether that was met. Undefined: nothing is asked. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly asked?: string;
  readonly met?: boolean;
  readonly values: object;
}

/** Prints each figure as soon as it is known, and keeps it. */
export class Table {
  readonly figures: Figure[] = [];

  add(figure: Figure): void {
    this.figures.push(figure);
    const { what, measured, asked = '', met } = figure;
    const mark = met === undefined ? '' : met ? 'met' : 'NOT MET';
    console.log(`${what.padEnd(46)} ${measured.padEnd(58)} ${asked.padEnd(28)} ${mark}`.trimEnd());
  }

  rate(what: string, rate: Rate | StepRate, asked?: string, met?: boolean): void {
    const { perSecond, p50, p99 } = rate;
    const cpu = 'clientMicroseconds' in rate ? `  cpu ${rate.clientMicroseconds}+${rate.serverMicroseconds} us` : '';
    const measured = `${perSecond}/s  p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms${cpu}`;
    this.add({
      what,
      measured,
      values: rate,
      ...(asked === undefined ? {} : { asked }),
      ...(met === undefined ? {} : { met }),
    });
  }
}
