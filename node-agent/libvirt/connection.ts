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
  #load = 0;
  #unregister: (() => Promise<void>) | null = null;
  readonly #listener: LifecycleListener | undefined;

  constructor(library: Library, uri: string, listener?: LifecycleListener) {
    this.#library = library;
    this.uri = uri;
    this.#listener = listener;
  }

  /** Calls under way or waiting for their turn. */
  get load(): number {
    return this.#load;
  }

  /**
   * Runs `body` with the connection, alone. `body` must be idempotent: on a broken connection it runs once more on a new
   * one. Throws `HypervisorError`.
   */
  use<T>(what: string, body: (handle: Pointer, fail: () => never) => Promise<T>): Promise<T> {
    this.#load += 1;
    const result = this.#turn
      .then(() =>
        this.#once(what, body).catch((error: unknown) => {
          if (this.#handle !== null) throw error; // the connection is whole: the call itself was refused
          return this.#once(what, body);
        }),
      )
      .finally(() => {
        this.#load -= 1;
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

  async #once<T>(what: string, body: (handle: Pointer, fail: () => never) => Promise<T>): Promise<T> {
    const handle = this.#handle ?? (await this.#open());
    const fail = (): never => {
      const { number, message } = this.#library.lastError(handle);
      throw new LibvirtFailure(number, `${what}: ${message} (libvirt ${number})`);
    };
    try {
      return await body(handle, fail).catch((error: unknown) => {
        if (error instanceof ListFailed) return fail();
        throw error;
      });
    } catch (error) {
      if (error instanceof LibvirtFailure && !(await this.#library.alive(handle))) await this.#drop();
      throw error;
    }
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

/** What libvirt said, with its number. */
export class LibvirtFailure extends HypervisorError {
  readonly number: number;
  constructor(number: number, message: string) {
    super(message);
    this.number = number;
  }
}
