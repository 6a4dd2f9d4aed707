import { Session } from 'node:inspector';
import type { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { every, within } from './real-timer.ts';
import { type Frame, inWords, type Stack } from './stack-samples.ts';

/** Looks at the thread, this far apart: enough to tell who goes round from who waits for it. */
const LOOKS = 10;
const APART_MS = 10;
/** A thread that runs no JavaScript never pauses. */
const ANSWERS_WITHIN_MS = 3000;

const attached = z.object({ sessionId: z.string(), workerInfo: z.object({ title: z.string() }) });
const answer = z.object({ id: z.number() });
const event = z.object({ method: z.string(), params: z.unknown() });
const script = z.object({ scriptId: z.string(), url: z.string() });
const location = z.object({ scriptId: z.string(), lineNumber: z.number(), columnNumber: z.number().default(0) });
const paused = z.object({ callFrames: z.array(z.object({ functionName: z.string(), location })) });

/**
 * Where a thread of this process is, in words, also when it stands in a loop that never ends: its debugger interrupts it.
 * Never rejects; says why when there is no stack. `name`: the one the thread was started with.
 */
export async function stackOf(worker: Worker, name: string): Promise<string> {
  const session = new Session();
  try {
    session.connect();
    const thread = await within(ANSWERS_WITHIN_MS, attach(session, name));
    if (thread === undefined) return '    (no stack: its debugger does not answer)';
    await within(ANSWERS_WITHIN_MS, thread.look());
    await within(ANSWERS_WITHIN_MS, thread.leave());
    const words = inWords(thread.samples);
    return words === '' ? '    (no stack: it executes nothing, but waits for what never comes)' : words;
  } catch (error) {
    return `    (no stack of thread ${worker.threadId}: ${String(error)})`;
  } finally {
    session.disconnect();
  }
}

/** Resolves once the debugger of the thread of that name is reached. */
async function attach(session: Session, name: string): Promise<ThreadDebugger> {
  const found = new Promise<ThreadDebugger>((resolve) => {
    session.on('NodeWorker.attachedToWorker', ({ params }) => {
      const { sessionId, workerInfo } = attached.parse(params);
      if (workerInfo.title.endsWith(` ${name}`)) resolve(new ThreadDebugger(session, sessionId));
    });
  });
  session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  return await found;
}

/** The debugger of one thread, spoken to through the session of this one. */
class ThreadDebugger {
  readonly samples: Stack[] = [];
  readonly #session: Session;
  readonly #sessionId: string;
  readonly #urls = new Map<string, string>();
  readonly #waiting = new Map<number, () => void>();
  #calls = 0;
  #onPause: (stack: Stack) => void = () => {};

  constructor(session: Session, sessionId: string) {
    this.#session = session;
    this.#sessionId = sessionId;
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId === sessionId) this.#take(JSON.parse(params.message));
    });
  }

  /** Interrupts the thread again and again. */
  async look(): Promise<void> {
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
    this.samples.push(await stack);
  }

  /** A thread that its debugger holds could not be ended. */
  async leave(): Promise<void> {
    await this.#call('Debugger.disable');
    this.#session.post('NodeWorker.detach', { sessionId: this.#sessionId });
  }

  async #call(method: string): Promise<void> {
    this.#calls += 1;
    const id = this.#calls;
    const done = new Promise<void>((resolve) => {
      this.#waiting.set(id, resolve);
    });
    const message = JSON.stringify({ id, method });
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId: this.#sessionId, message });
    await done;
  }

  #take(message: unknown): void {
    const answered = answer.safeParse(message);
    if (answered.success) {
      this.#waiting.get(answered.data.id)?.();
      return;
    }
    const { method, params } = event.parse(message);
    if (method === 'Debugger.scriptParsed') {
      const { scriptId, url } = script.parse(params);
      this.#urls.set(scriptId, url);
    }
    if (method === 'Debugger.paused') this.#onPause(paused.parse(params).callFrames.map((frame) => this.#frame(frame)));
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
