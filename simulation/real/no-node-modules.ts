import { isBuiltin, registerHooks } from 'node:module';
import { NotDeterministic } from './not-deterministic.ts';

/** Where this project lies, with its own dependencies beside or below it. */
const ROOT = new URL('../../', import.meta.url).href;
/** Own files that a playing thread loads, and that take something from the machine. */
const TAKES_FROM_MACHINE = /^simulation\/(?:(?:real|watch)\/|scenario\/read-file\.)/;

/** Whether that file may import modules of Node.js in a thread that plays: dependencies may, simulated code may not. */
export function mayImportNode(file: string): boolean {
  const own = file.startsWith(ROOT) ? file.slice(ROOT.length) : undefined;
  if (own === undefined) return file.includes('/node_modules/');
  return own.startsWith('node_modules/') || TAKES_FROM_MACHINE.test(own);
}

/** From now on nothing simulated that this thread loads can import a module of Node.js. */
export function refuseNodeModules(): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      const file = context.parentURL;
      if (file !== undefined && isBuiltin(specifier) && !mayImportNode(file)) {
        throw new NotDeterministic(`${file} imports ${specifier}: nothing simulated may`);
      }
      return next(specifier, context);
    },
  });
}
