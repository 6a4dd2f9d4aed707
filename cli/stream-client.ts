import type { Command } from 'commander';
import {
  type ActorSystem,
  CorruptJournal,
  createActorSystem,
  RetryableError,
  systemClock,
  TerminalError,
} from '#actors';
import { connectJetStream } from '../transport/mod.ts';

/** Where the actors of a command are. */
export interface StreamFlags {
  readonly servers: string;
  readonly stream: string;
}

/** The same command with the options that say where its actors are. */
export function withStreamOptions(command: Command): Command {
  return command
    .option('--servers <urls>', 'NATS servers, separated by commas', 'nats://127.0.0.1:4222')
    .option('--stream <name>', 'stream of the actors', 'understudy');
}

/** What the user can mend is one line: exit status 2 when it is wrong, 1 when trying again later may do. */
export async function told(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TerminalError || error instanceof RetryableError)) throw error;
    console.error(`understudy: ${error.message}`);
    process.exitCode = error instanceof TerminalError ? 2 : 1;
  }
}

/** A mistyped address would be a message that no actor ever takes: said instead, and the command fails. */
export async function wasThere(system: ActorSystem, address: string): Promise<boolean> {
  try {
    if ((await system.inspect(address)) !== undefined) return true;
  } catch (error) {
    if (error instanceof CorruptJournal) return true;
    throw error;
  }
  console.error(`${address} was never there`);
  process.exitCode = 1;
  return false;
}

/** Gives `act` a client of the actors in that stream. */
export async function withActors(flags: StreamFlags, act: (system: ActorSystem) => Promise<void>): Promise<void> {
  const servers = flags.servers.split(',');
  const transport = await connectJetStream({ servers, name: 'understudy-cli', stream: flags.stream, existing: true });
  // Never started and without kinds: a client.
  const system = createActorSystem({ transport, clock: systemClock, random: Math.random, host: 'cli' });
  try {
    await act(system);
  } finally {
    await transport.close();
  }
}
