import type { Command } from 'commander';
import { type ActorSystem, createActorSystem, type StepRecord, systemClock } from '#actors';
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
        await withActors(given.at(-2) as Flags, (system) => act(system, argument)); // commander: arguments, flags, command
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
    await system.release(address);
    console.log(`${address}: release is in its mailbox`);
  });
  add('stop <address>', 'End an actor', async (system, address) => {
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
