import type { Command } from 'commander';
import {
  type ActorSystem,
  address as addressOf,
  CorruptJournal,
  createActorSystem,
  RetryableError,
  type StepRecord,
  systemClock,
  TerminalError,
} from '#actors';
import { connectJetStream } from '../transport/mod.ts';

interface Flags {
  readonly servers: string;
  readonly stream: string;
}

/** `understudy actors ...`: looks at the durable actors of a stream, and lets parked ones go on. */
export function registerActors(program: Command): void {
  const actors = program.command('actors').description('Look at durable actors, release or end them');
  const add = (name: string, what: string, act: (system: ActorSystem, argument: string) => Promise<void>): void => {
    actors
      .command(name)
      .description(what)
      .option('--servers <urls>', 'NATS servers, separated by commas', 'nats://127.0.0.1:4222')
      .option('--stream <name>', 'stream of the actors', 'understudy')
      .action(async (...given: readonly unknown[]) => {
        const argument = typeof given[0] === 'string' ? given[0] : '';
        const flags = given.at(-2) as Flags; // commander: arguments, flags, command
        await told(async () => {
          if (name.endsWith('<address>')) addressOf(argument); // before anything is asked of the servers
          await withActors(flags, (system) => act(system, argument));
        });
      });
  };
  add('inspect <address>', 'The last step of an actor, whole', async (system, address) => {
    const step = await system.inspect(address);
    console.log(step === undefined ? `${address} was never there` : JSON.stringify(step, undefined, 2));
  });
  add('history <address>', 'The last steps of an actor, a line each', async (system, address) => {
    for (const step of await system.history(address)) console.log(line(step));
  });
  add('release <address>', 'Let a parked actor go on from its last step', async (system, address) => {
    if (!(await wasThere(system, address))) return;
    await system.release(address);
    console.log(`${address}: release is in its mailbox`);
  });
  add('stop <address>', 'End an actor', async (system, address) => {
    if (!(await wasThere(system, address))) return;
    await system.stopActor(address);
    console.log(`${address}: stop is in its mailbox`);
  });
  add(
    'forget <address>',
    'Let an actor begin anew whose journal nothing can read; its state is lost',
    async (system, address) => {
      console.log((await system.forget(address)) ? `${address} is forgotten` : `${address} was never there`);
    },
  );
  add('dead-letters', 'Messages that no actor took, and why', async (system) => {
    for (const letter of await system.deadLetters()) console.log(JSON.stringify(letter));
  });
}

/** What the user can mend is one line: exit status 2 when it is wrong, 1 when trying again later may do. */
async function told(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TerminalError || error instanceof RetryableError)) throw error;
    console.error(`understudy: ${error.message}`);
    process.exitCode = error instanceof TerminalError ? 2 : 1;
  }
}

/** A mistyped address would be a message that no actor ever takes: said instead, and the command fails. */
async function wasThere(system: ActorSystem, address: string): Promise<boolean> {
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

async function withActors(flags: Flags, act: (system: ActorSystem) => Promise<void>): Promise<void> {
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

function line(step: StepRecord): string {
  const { sequence, host, version, outcome, cause, snapshot, status, reason } = step;
  const where = status === 'active' ? JSON.stringify(snapshot.value) : status;
  const why = reason === undefined ? '' : `  (${reason.replaceAll(/\s+/g, ' ')})`;
  return `${String(sequence).padStart(8)}  v${version}  ${host}  ${cause.event.type} from ${cause.from}: ${outcome} -> ${where}${why}`;
}
