import type { Patch } from '../mutations/patch.ts';

const ROOT = new URL('../../', import.meta.url);

/** Those of that file. */
export function patchesOf(url: string, patches: readonly Patch[]): readonly Patch[] {
  return patches.filter(({ file }) => url === new URL(file, ROOT).href);
}

/** The text of a file with its patches. Throws when one does not fit. */
export function patched(text: string, patches: readonly Patch[]): string {
  return patches.reduce((before, { file, find, put }) => {
    const times = before.split(find).length - 1;
    if (times !== 1) throw new Error(`the patch of ${file} fits ${times} times: ${find}`);
    return before.replace(find, () => put);
  }, text);
}
