import { registerHooks } from 'node:module';
import { z } from 'zod';
import { patched, patchesOf } from './patched-text.ts';

/** A thread that plays a patched product: what is loaded from here on is changed while it is loaded. */
const patches = z
  .array(z.object({ file: z.string(), find: z.string(), put: z.string() }))
  .parse(JSON.parse(process.argv.at(-1) ?? ''));

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context);
    const own = patchesOf(url, patches);
    if (own.length === 0) return loaded;
    const { source } = loaded;
    if (source === undefined || source === null) throw new Error(`${url} has no text`);
    const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
    return { ...loaded, source: patched(text, own) };
  },
});

const { productionBuild } = await import('../run/production.ts');
const { servePlays } = await import('./serve-plays.ts');
servePlays(productionBuild);
