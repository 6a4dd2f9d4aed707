import koffi, { type KoffiFunc, type LibraryHandle } from 'koffi';

/** A pointer into libvirt's memory. */
export type Pointer = bigint | null;

/** Called by libvirt's event loop for `event`/`detail` of the domain with that name. */
export type LifecycleListener = (name: string, event: number, detail: number) => void;

/** The few functions of libvirt that are used, with JavaScript types. `*.async` ones run on a worker thread. */
export interface Library {
  open(uri: string): Promise<Pointer>;
  close(connection: Pointer): Promise<number>;
  /** False once the daemon is gone. */
  alive(connection: Pointer): Promise<boolean>;
  setKeepAlive(connection: Pointer, intervalSeconds: number, count: number): number;
  lastError(connection: Pointer): { readonly number: number; readonly message: string };
  listDomains(connection: Pointer): Promise<readonly Pointer[]>;
  lookup(connection: Pointer, name: string): Promise<Pointer>;
  define(connection: Pointer, xml: string): Promise<Pointer>;
  /** Local: needs no daemon. */
  nameOf(domain: Pointer): string;
  xmlOf(domain: Pointer): Promise<string | null>;
  /** As another host needs it to take the domain over: running (`live`), or as it is kept when off. */
  xmlToMove(domain: Pointer, which: 'live' | 'kept'): Promise<string | null>;
  stateOf(domain: Pointer): Promise<{ readonly status: number; readonly state: number; readonly reason: number }>;
  create(domain: Pointer): Promise<number>;
  suspend(domain: Pointer): Promise<number>;
  /** Answered by QEMU itself, after everything that it was told before; not by the daemon alone. */
  askQemu(domain: Pointer): Promise<number>;
  /** The kind of a long job (migration ...) on this domain: 0 when there is none, below 0 when that is not known. */
  jobOf(domain: Pointer): Promise<number>;
  abortJob(domain: Pointer): Promise<number>;
  resume(domain: Pointer): Promise<number>;
  shutdown(domain: Pointer): Promise<number>;
  destroy(domain: Pointer): Promise<number>;
  undefine(domain: Pointer): Promise<number>;
  /** Migrates to the daemon at that URI. `live`, `kept`: the domain's XML there. */
  migrate(domain: Pointer, move: Migration): Promise<number>;
  free(domain: Pointer): void;
  capabilities(connection: Pointer): Promise<string | null>;
  /** Returns how to take it back. Null when libvirt refused. */
  onLifecycle(connection: Pointer, listener: LifecycleListener): (() => Promise<void>) | null;
  /** Runs handlers of what happened since, waits for something when nothing did. */
  runEventLoopOnce(): Promise<number>;
  /** Makes a waiting `runEventLoopOnce` return. */
  wakeEventLoop(): void;
}

export interface Migration {
  readonly uri: string;
  readonly live: string;
  readonly kept: string;
  /** The disk needs no cache mode that is safe to share: it is one and the same file on one machine. */
  readonly oneMachine: boolean;
}

const XML_INACTIVE = 2;
const XML_MIGRATABLE = 8;
/** Live, from daemon to daemon and through their own connection, kept there, suspended there, any error ends it. */
const MIGRATE_LIVE = 1;
const MIGRATE_PEER2PEER = 2;
const MIGRATE_TUNNELLED = 4;
const MIGRATE_PERSIST_DEST = 8;
const MIGRATE_PAUSED = 32;
const MIGRATE_UNSAFE = 512;
const MIGRATE_ABORT_ON_ERROR = 4096;
const MIGRATE =
  MIGRATE_LIVE | MIGRATE_PEER2PEER | MIGRATE_TUNNELLED | MIGRATE_PERSIST_DEST | MIGRATE_PAUSED | MIGRATE_ABORT_ON_ERROR;

const ANY_DOMAIN = null;
const LIFECYCLE = 0;
const ACPI_POWER_BUTTON = 1;
let loaded: Library | undefined;

/** Loads libvirt once a process and registers its event loop. Throws when the library is not installed. */
export function loadLibrary(): Library {
  loaded ??= load();
  return loaded;
}

function load(): Library {
  const lib = koffi.load('libvirt.so.0');
  const release = koffi.load('libc.so.6').func('void free(void *)');
  koffi.disposable('OwnedString', 'str', release);
  const lifecycle = koffi.proto('int LifecycleCallback(void *conn, void *dom, int event, int detail, void *opaque)');
  const timeout = koffi.proto('void TimeoutCallback(int timer, void *opaque)');
  const onError = koffi.proto('void ErrorCallback(void *data, void *error)');
  const calls = declare(lib);

  calls.virSetErrorFunc(
    null,
    koffi.register(() => undefined, koffi.pointer(onError)),
  ); // errors are read, not printed
  if (calls.virInitialize() < 0) throw new Error('libvirt does not initialise');
  // Must come before the first connection is opened, or that one never gets events.
  if (calls.virEventRegisterDefaultImpl() < 0) throw new Error('libvirt has no event loop');
  const timer = calls.virEventAddTimeout(-1, koffi.register(pauseTimer, koffi.pointer(timeout)), null, null);
  function pauseTimer(): void {
    calls.virEventUpdateTimeout(timer, -1);
  }

  return {
    open: (uri) => threaded(calls.virConnectOpen, uri),
    close: (connection) => threaded(calls.virConnectClose, connection),
    alive: async (connection) => (await threaded<number>(calls.virConnectIsAlive, connection)) === 1,
    setKeepAlive: (connection, interval, count) => calls.virConnectSetKeepAlive(connection, interval, count),
    lastError: (connection) => {
      const error = Buffer.alloc(128); // struct virError: code at 0, message at 8
      if (calls.virConnCopyLastError(connection, error) < 0) return { number: 0, message: 'no cause given' };
      const message: unknown = koffi.decode(error, 8, 'char *');
      return { number: error.readInt32LE(0), message: String(message) };
    },
    listDomains: async (connection) => {
      const list: Pointer[] = [null];
      const count = await threaded<number>(calls.virConnectListAllDomains, connection, list, 0);
      if (count < 0) throw new ListFailed();
      const domains = count === 0 ? [] : koffi.decode(list[0], koffi.array('void *', count));
      release(list[0]);
      return domains as Pointer[]; // an array of `void *`
    },
    lookup: (connection, name) => threaded(calls.virDomainLookupByName, connection, name),
    define: (connection, xml) => threaded(calls.virDomainDefineXML, connection, xml),
    nameOf: (domain) => calls.virDomainGetName(domain),
    xmlOf: (domain) => threaded(calls.virDomainGetXMLDesc, domain, 0),
    xmlToMove: (domain, which) =>
      threaded(calls.virDomainGetXMLDesc, domain, which === 'live' ? XML_MIGRATABLE : XML_INACTIVE | XML_MIGRATABLE),
    migrate: async (domain, { uri, live, kept, oneMachine }) => {
      const [list, count, room] = [[null] as Pointer[], [0], [0]];
      for (const [name, xml] of [['destination_xml', live] as const, ['persistent_xml', kept] as const]) {
        if (calls.virTypedParamsAddString(list, count, room, name, xml) < 0) return -1;
      }
      const flags = MIGRATE | (oneMachine ? MIGRATE_UNSAFE : 0);
      const status = await threaded<number>(calls.virDomainMigrateToURI3, domain, uri, list[0], count[0], flags);
      calls.virTypedParamsFree(list[0], count[0]);
      return status;
    },
    stateOf: async (domain) => {
      const [state, reason] = [[0], [0]];
      const status = await threaded<number>(calls.virDomainGetState, domain, state, reason, 0);
      return { status, state: state[0] ?? 0, reason: reason[0] ?? 0 };
    },
    create: (domain) => threaded(calls.virDomainCreate, domain),
    suspend: (domain) => threaded(calls.virDomainSuspend, domain),
    askQemu: async (domain) => {
      const count = [0];
      return await threaded<number>(calls.virDomainBlockStatsFlags, domain, '', null, count, 0);
    },
    jobOf: async (domain) => {
      const info = Buffer.alloc(128); // struct virDomainJobInfo: type at 0
      const status = await threaded<number>(calls.virDomainGetJobInfo, domain, info);
      return status < 0 ? status : info.readInt32LE(0);
    },
    abortJob: (domain) => threaded(calls.virDomainAbortJob, domain),
    resume: (domain) => threaded(calls.virDomainResume, domain),
    shutdown: (domain) => threaded(calls.virDomainShutdownFlags, domain, ACPI_POWER_BUTTON),
    destroy: (domain) => threaded(calls.virDomainDestroyFlags, domain, 0),
    undefine: (domain) => threaded(calls.virDomainUndefineFlags, domain, 0),
    free: (domain) => {
      calls.virDomainFree(domain);
    },
    capabilities: (connection) => threaded(calls.virConnectGetCapabilities, connection),
    onLifecycle: (connection, listener) => {
      const tell = (_: Pointer, domain: Pointer, event: number, detail: number): number => {
        listener(calls.virDomainGetName(domain), event, detail);
        return 0;
      };
      const callback = koffi.register(tell, koffi.pointer(lifecycle));
      const id = calls.virConnectDomainEventRegisterAny(connection, ANY_DOMAIN, LIFECYCLE, callback, null, null);
      if (id < 0) return null;
      return async () => {
        // The trampoline stays registered: an event that is already under way may still come.
        await threaded(calls.virConnectDomainEventDeregisterAny, connection, id);
      };
    },
    runEventLoopOnce: () => threaded(calls.virEventRunDefaultImpl),
    wakeEventLoop: () => calls.virEventUpdateTimeout(timer, 0),
  };
}

/** Listing failed; the cause is the connection's last error. */
export class ListFailed extends Error {
  override readonly name = 'ListFailed';
}

function declare(lib: LibraryHandle) {
  return {
    virInitialize: lib.func('int virInitialize()'),
    virSetErrorFunc: lib.func('void virSetErrorFunc(void *data, void *handler)'),
    virEventRegisterDefaultImpl: lib.func('int virEventRegisterDefaultImpl()'),
    virEventRunDefaultImpl: lib.func('int virEventRunDefaultImpl()'),
    virEventAddTimeout: lib.func('int virEventAddTimeout(int ms, void *cb, void *opaque, void *ff)'),
    virEventUpdateTimeout: lib.func('void virEventUpdateTimeout(int timer, int ms)'),
    virConnectOpen: lib.func('void *virConnectOpen(const char *uri)'),
    virConnectIsAlive: lib.func('int virConnectIsAlive(void *conn)'),
    virConnectClose: lib.func('int virConnectClose(void *conn)'),
    virConnectSetKeepAlive: lib.func('int virConnectSetKeepAlive(void *conn, int interval, unsigned int count)'),
    virConnCopyLastError: lib.func('int virConnCopyLastError(void *conn, void *error)'),
    virConnectListAllDomains: lib.func(
      'int virConnectListAllDomains(void *conn, _Out_ void **domains, unsigned int flags)',
    ),
    virConnectGetCapabilities: lib.func('OwnedString virConnectGetCapabilities(void *conn)'),
    virConnectDomainEventRegisterAny: lib.func(
      'int virConnectDomainEventRegisterAny(void *conn, void *dom, int id, void *cb, void *opaque, void *ff)',
    ),
    virConnectDomainEventDeregisterAny: lib.func('int virConnectDomainEventDeregisterAny(void *conn, int id)'),
    virDomainLookupByName: lib.func('void *virDomainLookupByName(void *conn, const char *name)'),
    virDomainDefineXML: lib.func('void *virDomainDefineXML(void *conn, const char *xml)'),
    virDomainGetName: lib.func('const char *virDomainGetName(void *dom)'),
    virDomainGetXMLDesc: lib.func('OwnedString virDomainGetXMLDesc(void *dom, unsigned int flags)'),
    virDomainGetState: lib.func(
      'int virDomainGetState(void *dom, _Out_ int *state, _Out_ int *reason, unsigned int flags)',
    ),
    virDomainCreate: lib.func('int virDomainCreate(void *dom)'),
    virDomainBlockStatsFlags: lib.func(
      'int virDomainBlockStatsFlags(void *dom, const char *disk, void *params, _Inout_ int *count, unsigned int flags)',
    ),
    virDomainGetJobInfo: lib.func('int virDomainGetJobInfo(void *dom, void *info)'),
    virDomainAbortJob: lib.func('int virDomainAbortJob(void *dom)'),
    virDomainSuspend: lib.func('int virDomainSuspend(void *dom)'),
    virDomainResume: lib.func('int virDomainResume(void *dom)'),
    virDomainShutdownFlags: lib.func('int virDomainShutdownFlags(void *dom, unsigned int flags)'),
    virDomainDestroyFlags: lib.func('int virDomainDestroyFlags(void *dom, unsigned int flags)'),
    virDomainUndefineFlags: lib.func('int virDomainUndefineFlags(void *dom, unsigned int flags)'),
    virTypedParamsAddString: lib.func(
      'int virTypedParamsAddString(_Inout_ void **params, _Inout_ int *count, _Inout_ int *room, const char *name, const char *value)',
    ),
    virTypedParamsFree: lib.func('void virTypedParamsFree(void *params, int count)'),
    virDomainMigrateToURI3: lib.func(
      'int virDomainMigrateToURI3(void *dom, const char *uri, void *params, unsigned int count, unsigned int flags)',
    ),
    virDomainFree: lib.func('int virDomainFree(void *dom)'),
  };
}

/** Calls on a worker thread. `Result` is the caller's reading of the declaration above. */
function threaded<Result>(call: KoffiFunc<(...args: unknown[]) => unknown>, ...args: unknown[]): Promise<Result> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error: unknown, result: unknown) => {
      if (error) reject(error);
      else resolve(result as Result); // as declared
    });
  });
}
