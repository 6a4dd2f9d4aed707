import type { Command } from 'commander';
import { type ActorSystem, address as addressOf, type StepRecord } from '#actors';
import { type StreamFlags, told, wasThere, withActors, withStreamOptions } from './stream-client.ts';

/** `understudy actors ...`: looks at the durable actors of a stream, and lets parked ones go on. */
export function registerActors(program: Command): void {
  const actors = program.command('actors').description('Look at durable actors, release or end them');
  const add = (name: string, what: string, act: (system: ActorSystem, argument: string) => Promise<void>): void => {
    withStreamOptions(actors.command(name).description(what)).action(async (...given: readonly unknown[]) => {
      const argument = typeof given[0] === 'string' ? given[0] : '';
      const flags = given.at(-2) as StreamFlags; // commander: arguments, flags, command
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

function line(step: StepRecord): string {
  const { sequence, host, version, outcome, cause, snapshot, status, reason } = step;
  const where = status === 'active' ? JSON.stringify(snapshot.value) : status;
  const why = reason === undefined ? '' : `  (${reason.replaceAll(/\s+/g, ' ')})`;
  return `${String(sequence).padStart(8)}  v${version}  ${host}  ${cause.event.type} from ${cause.from}: ${outcome} -> ${where}${why}`;
}
