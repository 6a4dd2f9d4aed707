import type { Command } from 'commander';
import { address as addressOf } from '#actors';
import { type StreamFlags, told, wasThere, withActors, withStreamOptions } from './stream-client.ts';

/** `understudy fences ...`: what only a person knows of the devices. */
export function registerFences(program: Command): void {
  const fences = program.command('fences').description('Fences that confirmed what was not so');
  withStreamOptions(
    fences
      .command('tested <node> [fence]')
      .description('That fence, or each, was mended and tried on this node: it may be asked about it again'),
  ).action(async (node: string, fence: string | undefined, flags: StreamFlags) => {
    await told(async () => {
      const address = addressOf(`node/${node}`); // before anything is asked of the servers
      await withActors(flags, async (system) => {
        if (!(await wasThere(system, address))) return;
        await system.tell(address, { type: 'fenceTested', ...(fence === undefined ? {} : { fence }) });
        console.log(`${address}: ${fence ?? 'each fence'} may be asked again`);
      });
    });
  });
}
