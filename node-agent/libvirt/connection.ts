import { HypervisorError } from '#ports';
import { type Library, type LifecycleListener, ListFailed, type Pointer } from './library.ts';

const NO_DOMAIN = 42;
const KEEPALIVE_SECONDS = 1;
const KEEPALIVE_COUNT = 3;

/**
 * One connection to a libvirt daemon. Calls take turns: the error of a call is kept per connection, and a frozen daemon
 * is noticed (by keepalive, 4 s) only with one call under way. Opens by itself, again after a break.
 */
export class Connection {
  readonly uri: string;
  readonly #library: Library;
  #handle: Pointer = null;
  #turn: Promise<unknown> = Promise.resolve();
  #unregister: (() => Promise<void>) | null = null;
  readonly #listener: LifecycleListener | undefined;

  constructor(library: Library, uri: string, listener?: LifecycleListener) {
    this.#library = library;
    this.uri = uri;
    this.#listener = listener;
  }

  /**
   * Runs `body` with the connection, alone. Throws `HypervisorError`; after an error that may mean a broken connection it
   * is opened anew by the next call.
   */
  use<T>(what: string, body: (handle: Pointer, fail: () => never) => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      const handle = this.#handle ?? (await this.#open());
      const fail = (): never => {
        const { number, message } = this.#library.lastError(handle);
        throw new LibvirtFailure(number, `${what}: ${message} (libvirt ${number})`);
      };
      try {
        return await body(handle, fail);
      } catch (error) {
        if (error instanceof ListFailed) fail();
        if (error instanceof LibvirtFailure && BROKEN.has(error.number)) await this.#drop();
        throw error;
      }
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Runs `body` with the domain of that name; undefined when there is none. The domain is freed afterwards. */
  withDomain<T>(what: string, name: string, body: (domain: Pointer, fail: () => never) => Promise<T>) {
    return this.use<T | undefined>(what, async (handle, fail) => {
      const domain = await this.#library.lookup(handle, name);
      if (domain === null) {
        if (this.#library.lastError(handle).number === NO_DOMAIN) return undefined;
        return fail();
      }
      try {
        return await body(domain, fail);
      } finally {
        this.#library.free(domain);
      }
    });
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#drop();
  }

  async #open(): Promise<Pointer> {
    const handle = await this.#library.open(this.uri);
    if (handle === null) throw new LibvirtFailure(0, `cannot connect to ${this.uri}`);
    this.#library.setKeepAlive(handle, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    if (this.#listener !== undefined) {
      this.#unregister = this.#library.onLifecycle(handle, this.#listener);
      if (this.#unregister === null) {
        await this.#library.close(handle);
        throw new LibvirtFailure(0, `${this.uri} sends no lifecycle events`);
      }
    }
    this.#handle = handle;
    return handle;
  }

  async #drop(): Promise<void> {
    const handle = this.#handle;
    if (handle === null) return;
    this.#handle = null;
    await this.#unregister?.();
    this.#unregister = null;
    await this.#library.close(handle);
  }
}

/** libvirt's error numbers for: internal error of the RPC, system error, no connection, RPC failure, keepalive. */
const BROKEN = new Set([1, 38, 7, 39, 88]);

/** What libvirt said, with its number. */
export class LibvirtFailure extends HypervisorError {
  readonly number: number;
  constructor(number: number, message: string) {
    super(message);
    this.number = number;
  }
}
