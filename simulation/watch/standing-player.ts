import { agentWith, serversWith } from '../mutations/mutation.ts';
import type { Build } from '../run/play.ts';
import { productionBuild } from '../run/production.ts';
import { servePlays } from './serve-plays.ts';

/** The same for each of them: only clusters of five nodes or more stand still, and not from the beginning. */
const NODE = 'n5';
const AFTER_MS = 60_000;

function loopsForEver(): void {
  for (;;) if (Math.abs(-1) < 0) return;
}

async function waitsForItself(): Promise<void> {
  for (;;) await null;
}

/** On that node, after a minute. */
function doing(what: (after: (delayMs: number, fire: () => void) => void) => void): Build {
  return agentWith(({ clock, node }) => {
    if (node === NODE) clock.after(AFTER_MS, () => what((delayMs, fire) => void clock.after(delayMs, fire)));
    return {};
  });
}

/** Builds whose runs do not end, for tests of what watches them. */
const BUILDS: Readonly<Record<string, Build>> = {
  loops: doing(loopsForEver),
  promises: doing(() => void waitsForItself()),
  timer: doing((after) => {
    const armsItselfAgain = () => after(0, armsItselfAgain);
    armsItselfAgain();
  }),
  waits: serversWith({ database: () => ({ list: () => new Promise<never>(() => {}) }) }),
  dies: {
    ...productionBuild,
    servers: () => {
      throw new Error('no servers');
    },
  },
};

const build = BUILDS[process.argv.at(-1) ?? ''];
if (build === undefined) throw new Error(`there is no such build; there are: ${Object.keys(BUILDS).join(', ')}`);
servePlays(build);
