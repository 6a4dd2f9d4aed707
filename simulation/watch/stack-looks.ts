import { z } from 'zod';
import { every, within } from './real-timer.ts';
import { type Frame, inWords, type Stack } from './stack-samples.ts';

/** So often, this far apart: enough to tell who goes round from who waits for it. */
const LOOKS = 10;
const APART_MS = 10;
/** A thread that runs no JavaScript never pauses. */
const ANSWERS_WITHIN_MS = 3000;

const script = z.object({ scriptId: z.string(), url: z.string() });
const location = z.object({ scriptId: z.string(), lineNumber: z.number(), columnNumber: z.number().default(0) });
const paused = z.object({ callFrames: z.array(z.object({ functionName: z.string(), location })) });

/** Looks at another thread through its debugger, which interrupts it in a loop that never ends, too. */
export class StackLooks {
  readonly #call: (method: string) => Promise<void>;
  readonly #samples: Stack[] = [];
  readonly #urls = new Map<string, string>();
  #onPause: (stack: Stack) => void = () => {};

  /** `call`: a command to that debugger, done when it answered. */
  constructor(call: (method: string) => Promise<void>) {
    this.#call = call;
  }

  /** To be called with every event of that debugger. */
  heard(method: string, params: unknown): void {
    if (method === 'Debugger.scriptParsed') {
      const { scriptId, url } = script.parse(params);
      this.#urls.set(scriptId, url);
    }
    if (method === 'Debugger.paused') this.#onPause(paused.parse(params).callFrames.map((frame) => this.#frame(frame)));
  }

  /** Where the thread is, in words. It runs on then. */
  async inWords(): Promise<string> {
    await within(ANSWERS_WITHIN_MS, this.#look());
    // A thread that its debugger holds could not be ended.
    await within(ANSWERS_WITHIN_MS, this.#call('Debugger.disable'));
    const words = inWords(this.#samples);
    return words === '' ? '    (no stack: it executes no JavaScript, but waits for what does not come)' : words;
  }

  async #look(): Promise<void> {
    await this.#call('Debugger.enable');
    for (let looks = 0; looks < LOOKS; looks += 1) {
      await this.#sample('Debugger.pause');
      // One that does nothing but run promises is interrupted between them, where none is on the stack.
      await this.#sample('Debugger.stepInto');
      await this.#call('Debugger.resume');
      await pause(APART_MS);
    }
  }

  async #sample(method: 'Debugger.pause' | 'Debugger.stepInto'): Promise<void> {
    const stack = new Promise<Stack>((resolve) => {
      this.#onPause = resolve;
    });
    await this.#call(method);
    this.#samples.push(await stack);
  }

  #frame({ functionName, location: at }: z.output<typeof paused>['callFrames'][number]): Frame {
    const file = this.#urls.get(at.scriptId) ?? '(unknown file)';
    return { name: functionName, place: `${file}:${at.lineNumber + 1}:${at.columnNumber + 1}` };
  }
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = every(forMs, () => {
      stop();
      resolve();
    });
  });
}
