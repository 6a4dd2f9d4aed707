import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../setup/command.ts';
import { ensureMongod } from '../setup/mongod-binary.ts';
import { type StartedServer, startMongod, startSecantusDb } from '../setup/mongodb-server.ts';
import { ensureSecantusDb } from '../setup/secantusdb.ts';
import { DatabaseRefused } from './errors.ts';
import { redactConnection } from './mongodb/redact-connection.ts';

/** A database that is there for the whole cluster: every process connects by itself with `connectDatabase(connection)`. */
export interface ChosenDatabase extends StartedServer {
  /** What it is and why it was taken, for people; without secrets. */
  readonly description: string;
  /** True: a server of the user's, which may hold what others wrote; absent: started for this cluster alone. */
  readonly foreign?: true;
}

/** One way to have a database. `open` gives undefined and says why when it is not for this machine; it may throw too. */
export interface DatabaseWay {
  readonly name: string;
  open(context: WayContext): Promise<ChosenDatabase | undefined>;
}

export interface WayContext {
  /** Where a server that is started keeps its files. */
  readonly folder: string;
  /** For the embedded database: the JetStream servers of the cluster, if there are any. */
  readonly natsServers: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

export interface ChooseOptions extends Omit<WayContext, 'env'> {
  readonly env?: NodeJS.ProcessEnv;
  /** Other ways, or another order; `DATABASE_WAYS` when not given. */
  readonly ways?: readonly DatabaseWay[];
}

/** Of a replica set on one machine: one may be killed. */
const MEMBERS = 3;

const fromEnvironment: DatabaseWay = {
  name: 'MONGODB_URL',
  async open({ env }) {
    const connection = env.MONGODB_URL;
    if (connection === undefined || connection === '') return undefined;
    const description = `MongoDB at ${redactConnection(connection)}, named by MONGODB_URL`;
    return { connection, description, foreign: true, servers: [], stop: async () => {} };
  },
};

const mongodOnPath: DatabaseWay = {
  name: 'mongod on the PATH',
  async open({ folder }) {
    const program = await findProgram('mongod');
    if (program === undefined) return undefined;
    const server = await startMongod(program, await subfolder(folder, 'mongod'));
    return { ...server, description: `MongoDB: a replica set of one started from ${program}` };
  },
};

const fetchedMongod: DatabaseWay = {
  name: 'mongodb-memory-server',
  async open({ folder, env, log }) {
    const program = await ensureMongod(log, env);
    const server = await startMongod(program, await subfolder(folder, 'fetched-mongod'), MEMBERS);
    return { ...server, description: `MongoDB: a replica set of ${MEMBERS}, fetched by mongodb-memory-server` };
  },
};

const secantus: DatabaseWay = {
  name: 'SecantusDB',
  async open({ folder, env, log }) {
    const python = await ensureSecantusDb(log, env);
    const server = await startSecantusDb(python, await subfolder(folder, 'secantusdb'));
    return { ...server, description: 'SecantusDB (speaks the MongoDB protocol), because no MongoDB is at hand' };
  },
};

const embedded: DatabaseWay = {
  name: 'embedded',
  async open({ natsServers }) {
    if (natsServers.length === 0) return undefined;
    const description = 'embedded (JetStream), because no server that speaks the MongoDB protocol can be had';
    return { connection: `embedded:${natsServers.join(',')}`, description, servers: [], stop: async () => {} };
  },
};

/** In the order of preference. */
export const DATABASE_WAYS: readonly DatabaseWay[] = [fromEnvironment, mongodOnPath, fetchedMongod, secantus, embedded];

/**
 * Has the first database that can be had, starting its server if it needs one, and says which and why. A way that fails
 * is said and the next one tried, except MONGODB_URL: who names a database wants that one. Throws `DatabaseRefused` when
 * there is none. Whoever connects probes it (`connectDatabase`).
 */
export async function chooseDatabase(options: ChooseOptions): Promise<ChosenDatabase> {
  const context = { ...options, env: options.env ?? process.env };
  const reasons: string[] = [];
  for (const way of options.ways ?? DATABASE_WAYS) {
    try {
      const chosen = await way.open(context);
      if (chosen === undefined) continue;
      options.log(`database: ${chosen.description}`);
      return chosen;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      options.log(`database: ${way.name} cannot be used: ${reason}`);
      reasons.push(`${way.name}: ${reason}`);
    }
  }
  throw new DatabaseRefused(`no database can be had; set MONGODB_URL or install mongod. ${reasons.join(' | ')}`);
}

async function subfolder(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  return path;
}
