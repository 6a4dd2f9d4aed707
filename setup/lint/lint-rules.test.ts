import { beforeAll, expect, test } from 'vitest';
import { lintFindings } from './lint-findings.ts';

/** File, its text, and what the linter must say about it ('' = nothing). */
const CASES: readonly (readonly [file: string, text: string, says: string])[] = [
  ['machines/a.ts', "export { x } from '../database/mod.ts';", 'noRestrictedImports'],
  ['machines/vm/a.ts', "export { x } from '../../transport/mod.ts';", 'noRestrictedImports'],
  ['machines/b.ts', "export { x } from '#ports';", 'noRestrictedImports'],
  ['machines/c.ts', "export { x } from 'node:fs';", 'noRestrictedImports'],
  ['machines/d.ts', "export { x } from '#actors';", ''],
  ['actors/a.ts', "export { x } from '#machines';", 'noRestrictedImports'],
  ['actors/b.ts', "export { x } from '../machines/mod.ts';", 'noRestrictedImports'],
  ['actors/c.ts', "export { x } from 'node:child_process';", 'noRestrictedImports'],
  ['ports/a.ts', "export { x } from '../database/mod.ts';", 'noRestrictedImports'],
  ['ports/b.ts', "export { x } from '#machines';", ''],
  ['transport/a.ts', "export { x } from '#machines';", 'noRestrictedImports'],
  ['database/a.ts', "export { x } from '../lab/mod.ts';", 'noRestrictedImports'],
  ['database/b.ts', "export { x } from '#ports';", ''],
  ['node-agent/a.ts', "export { x } from '../console/mod.ts';", 'noRestrictedImports'],
  ['simulation/a.ts', "export { x } from '../cli/mod.ts';", 'noRestrictedImports'],
  ['machines/e.ts', 'export const x = Date.now();', 'noRestrictedGlobals'],
  ['machines/f.ts', 'export const x = new Date();', 'noRestrictedGlobals'],
  ['actors/d.ts', 'export const x = setTimeout(() => {}, 1);', 'noRestrictedGlobals'],
  ['actors/system-clock.ts', 'export const x = setTimeout(() => {}, 1);', ''],
  ['simulation/world/a.ts', "export { x } from '../watch/real-timer.ts';", 'noRestrictedImports'],
  ['simulation/world/b.ts', "export { x } from '../../cli/mod.ts';", 'noRestrictedImports'],
  ['simulation/watch/a.ts', "export { x } from '../../cli/mod.ts';", 'noRestrictedImports'],
  ['simulation/watch/b.ts', 'export const x = setInterval(() => {}, 1);', 'noRestrictedGlobals'],
  ['simulation/watch/real-timer.ts', 'export const x = setInterval(() => {}, 1);', ''],
  ['simulation/b.ts', 'export const x = setInterval(() => {}, 1);', 'noRestrictedGlobals'],
  ['node-agent/b.ts', 'export const x = Date.now();', 'noRestrictedGlobals'],
  ['node-agent/c.ts', 'export const x = crypto.randomUUID();', 'noRestrictedGlobals'],
  ['node-agent/d.ts', 'export const x = process.hrtime();', 'Real time makes a run impossible'],
  [
    'node-agent/e.ts',
    "import { setTimeout as wait } from 'node:timers/promises';\n\nawait wait(1);",
    'Real time makes',
  ],
  ['node-agent/libvirt/a.ts', "import { setTimeout as wait } from 'node:timers/promises';\n\nawait wait(1);", ''],
  ['database/memory-database.ts', 'export const x = Date.now();', 'noRestrictedGlobals'],
  ['simulation/fuzz/a.ts', 'export const x = Math.random();', 'Randomness without a seed'],
  ['simulation/fuzz/b.ts', 'export const x = Date.now();', 'noRestrictedGlobals'],
  ['simulation/e.ts', "import { performance } from 'node:perf_hooks';\n\nperformance.now();", 'Real time makes'],
  ['machines/g.ts', 'export const x = Math.random();', 'Randomness without a seed'],
  ['simulation/c.ts', 'export const x = Math.random();', 'Randomness without a seed'],
  ['simulation/d.ts', 'export const x = performance.now();', 'noRestrictedGlobals'],
  ['machines/h.ts', 'export const x = new Intl.Collator();', 'noRestrictedGlobals'],
  [
    'machines/i.ts',
    "export const x = ['b', 'a'].sort((p, q) => p.localeCompare(q));",
    'The order or form of a language',
  ],
  ['lab/a.ts', 'export const x = Math.random();', ''],
];

let said: ReadonlyMap<string, string>;
beforeAll(() => {
  said = lintFindings(CASES);
});

test.each(CASES)('%s: %s', (file, _text, says) => {
  if (says === '') expect(said.get(file) ?? '').toBe('');
  else expect(said.get(file) ?? '').toContain(says);
});
