import { command, findProgram } from './command.ts';

/** `[]` for root, `['sudo', '-n']` where that works, undefined where neither does. */
export async function rootPrefix(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  const sudo = await findProgram('sudo');
  if (sudo === undefined) return undefined;
  return await command(sudo, ['-n', 'true']).then(
    () => [sudo, '-n'],
    () => undefined,
  );
}
