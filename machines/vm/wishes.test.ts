import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeId } from '../ids.ts';
import { TestChart } from '../test-chart.ts';
import type { VmContext } from './context.ts';
import { vmMachine } from './vm.ts';

type Wish = 'running' | 'stopped';
interface Doc {
  readonly recorded: Wish;
  readonly lease: { readonly node: string; readonly epoch: number };
}

const steps = ['start', 'stop', 'adopt', 'work', 'work', 'fails', 'time', 'report'] as const;

/** The chart with a database behind it that only its own effects change, and a copy of which its agent speaks. */
class Played {
  readonly chart = new TestChart(vmMachine, { address: 'vm/web' });
  #doc: Doc;
  #runs: boolean;
  /** The job under way was told that it is not needed. */
  #isCancelled = false;

  constructor(recorded: Wish) {
    this.#doc = { recorded, lease: { node: nodeId('n1'), epoch: 1 } };
    this.#runs = recorded === 'running';
    this.step('work');
  }

  get recorded(): Wish {
    return this.#doc.recorded;
  }

  get settled(): boolean {
    return this.chart.state === 'stopped' || this.chart.state.startsWith('running.');
  }

  step(step: (typeof steps)[number]): void {
    if (step === 'work' || step === 'fails') this.#work(step === 'work');
    else if (step === 'time') this.#time();
    else if (step === 'report') this.#report();
    else this.chart.take({ type: step });
  }

  #work(well: boolean): void {
    const { chart } = this;
    const { state } = chart;
    if (state === 'recovering') this.#endJob(well);
    else if (!['loading', 'stopping', 'recordingStop'].includes(state)) return;
    else if (well) this.#effect(state === 'loading');
    else this.#fail(state);
  }

  #fail(state: string): void {
    // The wish is written before the copy is stopped, which may fail for long.
    if (state === 'stopping') this.#doc = { ...this.#doc, recorded: 'stopped' };
    this.chart.fails();
  }

  #report(): void {
    if (!this.#runs) return;
    this.chart.take({ type: 'actual', ...this.#doc.lease, state: 'running', reason: 'unknown' });
    if (this.chart.asked.some((asked) => asked.endsWith('cancel'))) this.#isCancelled = true;
  }

  #effect(isLoading: boolean): void {
    if (!isLoading) {
      this.#doc = { ...this.#doc, recorded: 'stopped' };
      this.#runs = false;
    }
    const spec = { vm: 'web', cpus: 1, memoryMiB: 1, disk: 'd' };
    this.chart.done(isLoading ? { spec, ha: true, priority: 0, failback: true, home: null, ...this.#doc } : null);
  }

  #endJob(well: boolean): void {
    const { cause, jobs } = this.chart.context as VmContext;
    const job = `job/web-${jobs}`;
    const { lease, recorded } = this.#doc;
    const isCancelled = this.#isCancelled;
    this.#isCancelled = false;
    if (isCancelled) this.chart.take({ type: 'jobFailed', job, code: 'NOT_NEEDED', why: 'runs', lease });
    else if (well && recorded === 'stopped' && cause !== 'user') {
      this.chart.take({ type: 'jobFailed', job, code: 'LEASE_CONFLICT', why: 'stopped', lease });
    } else if (well) {
      this.#doc = { recorded: 'running', lease: { ...lease, epoch: lease.epoch + 1 } };
      this.#runs = true;
      this.chart.take({ type: 'jobDone', job, ...this.#doc.lease });
    } else this.chart.take({ type: 'jobFailed', job, code: 'NO_ROOM', why: 'full', lease });
  }

  #time(): void {
    const { chart } = this;
    if (chart.state === 'waiting') chart.after('wait');
    else if (chart.state === 'returning') chart.after(1000);
    else if (/^(loading|stopping|recording)Failed$/.test(chart.state)) chart.after(1000);
  }
}

test('the last wish of a user is carried out, whatever fails and however often the document changes meanwhile', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Wish>('running', 'stopped'),
      fc.array(fc.constantFrom(...steps), { maxLength: 30 }),
      (recorded, played) => {
        const vm = new Played(recorded);
        for (const step of played) vm.step(step);
        for (let left = 20; !vm.settled && left > 0; left -= 1) {
          vm.step('work');
          vm.step('time');
        }
        const last = played.filter((step) => step === 'start' || step === 'stop').at(-1);
        const wish = last === undefined ? recorded : last === 'start' ? 'running' : 'stopped';
        expect([vm.chart.state.split('.')[0], vm.recorded, vm.chart.context.wish]).toEqual([wish, wish, null]);
      },
    ),
    { numRuns: 500 },
  );
});
