import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { HardwareWatchdog, machineNowMs, WATCHDOG_LOOK_MS, type WatchdogWord } from './hardware-watchdog.ts';

/** The file descriptor of a node's first process that leads to its watchdog in the lab. Each boot has a new one. */
const LINE_FD = 3;

type Said = { do: 'arm'; timeoutMs: number } | { do: 'kick' };

/** The node's end. What waits to be sent is the latest word only: a lab that stands still holds nobody up. */
export class WatchdogLine {
  readonly #socket = new Socket({ fd: LINE_FD });
  #timeoutMs: number | undefined;
  #unsent: WatchdogWord | undefined;
  #sending = false;

  /** `gone` is called when the lab has ended: its watchdog and power switch are no more. */
  constructor(gone: () => void) {
    this.#socket.once('close', gone);
    this.#socket.on('error', () => undefined); // 'close' follows
    this.#socket.resume(); // so that its end is seen
  }

  say(said: Said): void {
    if (said.do === 'arm') this.#timeoutMs = said.timeoutMs;
    const atMs = machineNowMs();
    // Every word arms anew: one that was passed over may have been the arming.
    this.#unsent =
      this.#timeoutMs === undefined ? { do: 'kick', atMs } : { do: 'arm', timeoutMs: this.#timeoutMs, atMs };
    this.#send();
  }

  #send(): void {
    const word = this.#unsent;
    if (word === undefined || this.#sending) return;
    this.#unsent = undefined;
    this.#sending = true;
    this.#socket.write(`${JSON.stringify(word)}\n`, () => {
      this.#sending = false;
      this.#send();
    });
  }
}

/** The lab's end. Resolves with why when the watchdog bites; never after `until`. */
export function watch(line: Duplex, until: Promise<unknown>): Promise<string> {
  const watchdog = new HardwareWatchdog();
  const lines = createInterface({ input: line });
  lines.on('line', (text) => watchdog.hear(text, machineNowMs()));
  lines.on('error', () => undefined);
  line.on('error', () => undefined); // a line that broke brings no kick
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const why = watchdog.look(machineNowMs());
      if (why === undefined) return;
      clearInterval(timer);
      resolve(why);
    }, WATCHDOG_LOOK_MS);
    void until.then(() => {
      clearInterval(timer);
      line.destroy();
    });
  });
}
