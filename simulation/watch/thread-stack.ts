import { Session } from 'node:inspector';
import type { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { within } from './real-timer.ts';
import { StackLooks } from './stack-looks.ts';

/** Its debugger is reached at once, whatever the thread does. */
const REACHED_WITHIN_MS = 3000;

const attached = z.object({ sessionId: z.string(), workerInfo: z.object({ title: z.string() }) });
const answer = z.object({ id: z.number() });
const event = z.object({ method: z.string(), params: z.unknown() });

/**
 * Where a thread that the main thread started is, in words; to be asked by the main thread. Never rejects; says why when there
 * is no stack. `name`: the one the thread was started with.
 */
export async function stackOf(worker: Worker, name: string): Promise<string> {
  const session = new Session();
  try {
    session.connect();
    const thread = await within(REACHED_WITHIN_MS, attach(session, name));
    if (thread === undefined) return '    (no stack: its debugger does not answer)';
    const words = await thread.looks.inWords();
    session.post('NodeWorker.detach', { sessionId: thread.sessionId });
    return words;
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
  readonly sessionId: string;
  readonly looks = new StackLooks((method) => this.#call(method));
  readonly #session: Session;
  readonly #waiting = new Map<number, () => void>();
  #calls = 0;

  constructor(session: Session, sessionId: string) {
    this.#session = session;
    this.sessionId = sessionId;
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId === sessionId) this.#take(JSON.parse(params.message));
    });
  }

  async #call(method: string): Promise<void> {
    this.#calls += 1;
    const id = this.#calls;
    const done = new Promise<void>((resolve) => {
      this.#waiting.set(id, resolve);
    });
    const message = JSON.stringify({ id, method });
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId: this.sessionId, message });
    await done;
  }

  #take(message: unknown): void {
    const answered = answer.safeParse(message);
    if (answered.success) {
      this.#waiting.get(answered.data.id)?.();
      return;
    }
    const { method, params } = event.parse(message);
    this.looks.heard(method, params);
  }
}
