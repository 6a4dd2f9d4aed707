import type { Patch } from '../mutations/patch.ts';

const ROOT = new URL('../../', import.meta.url);

/** The text of a file with its patches. Throws when one does not fit. */
export function patched(url: string, text: string, patches: readonly Patch[]): string {
  return patches
    .filter(({ file }) => url === new URL(file, ROOT).href)
    .reduce((before, { file, find, put }) => {
      const times = before.split(find).length - 1;
      if (times !== 1) throw new Error(`the patch of ${file} fits ${times} times: ${find}`);
      return before.replace(find, () => put);
    }, text);
}
