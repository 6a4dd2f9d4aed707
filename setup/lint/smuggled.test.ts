import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { lintFindings } from './lint-findings.ts';

/** Lines that each make a run impossible to repeat, put into code that is simulated, and what the linter must say. */
const SMUGGLED: readonly (readonly [line: string, says: string])[] = [
  ['export const x = process.uptime();', 'noRestrictedGlobals'],
  ['export const x = process.memoryUsage();', 'noRestrictedGlobals'],
  ['export const x = process.pid;', 'noRestrictedGlobals'],
  ['export const x = process.env.HOME;', 'noRestrictedGlobals'],
  ['export const x = process?.cpuUsage();', 'noRestrictedGlobals'],
  ['export const x = globalThis.Date.now;', 'noRestrictedGlobals'],
  ['export const x = globalThis.Date.now();', 'noRestrictedGlobals'],
  ['export const x = globalThis.performance;', 'noRestrictedGlobals'],
  ['const all = globalThis;\n\nexport const x = all.Date.now();', 'noRestrictedGlobals'],
  ["export const x = Reflect.get(globalThis, 'Date');", 'noRestrictedGlobals'],
  ['export const x = global.performance;', 'noRestrictedGlobals'],
  ["export const x = new Function('return this');", 'noRestrictedGlobals'],
  ["export const x = (() => 1).constructor('return this');", 'a constructor makes code of text'],
  ['export const x = setImmediate(() => {});', 'noRestrictedGlobals'],
  ['export const x = AbortSignal.timeout(1);', 'Real time makes'],
  ["export const x = new Event('x');", 'noRestrictedGlobals'],
  [
    "export const x = (signal: AbortSignal) => signal.addEventListener('abort', (e) => e.timeStamp);",
    'Real time makes',
  ],
  ["import { systemClock } from '#actors';\n\nexport const x = systemClock.nowMs();", 'Real time makes'],
  ["export const x = fetch('http://localhost');", 'noRestrictedGlobals'],
  ["export const x = new WebSocket('ws://localhost');", 'noRestrictedGlobals'],
  ['export const x = new WeakRef({});', 'noRestrictedGlobals'],
  ['export const x = new FinalizationRegistry(() => {});', 'noRestrictedGlobals'],
  ['export const x = Atomics.wait;', 'noRestrictedGlobals'],
  ['export const x = Buffer.allocUnsafe(8);', 'noRestrictedGlobals'],
  ['export const x = new Intl.Collator();', 'noRestrictedGlobals'],
  ['export const x = (1000).toLocaleString();', 'The order or form of a language'],
  ["export const x = (1000).toLocaleString('de', { style: 'percent' });", 'The order or form of a language'],
  ["export const x = (text?: string) => text?.localeCompare('b');", 'The order or form of a language'],
  ["export const x = 'a'.localeCompare;", 'The order or form of a language'],
  ['export const { random } = Math;', 'Randomness without a seed'],
  ["export const x = Math['random']();", 'useLiteralKeys'],
  ['const all = Math;\n\nexport const x = all.random();', 'Randomness without a seed'],
  ["export const x = new Error('x').stack;", 'A stack holds paths'],
  ['export const x = import.meta.dirname;', 'is known before it runs'],
  ["export const x = await import('node:os');", 'is known before it runs'],
  ["export const x = require('node:os');", 'noRestrictedGlobals'],
  ...[
    'crypto',
    'process',
    'os',
    'fs',
    'fs/promises',
    'net',
    'dns',
    'worker_threads',
    'child_process',
    'perf_hooks',
  ].map((name) => [`export * from 'node:${name}';`, 'imports no module of Node.js'] as const),
  ["import type { Worker } from 'node:worker_threads';\n\nexport type X = Worker;", 'imports no module of Node.js'],
  ["import { generateKeySync } from 'node:crypto';\n\nexport const x = generateKeySync;", 'imports no module'],
  ["import { hrtime } from 'node:process';\n\nexport const x = hrtime();", 'imports no module of Node.js'],
  ["import os from 'os';\n\nexport const x = os;", 'imports no module of Node.js'],
  ["import koffi from 'koffi';\n\nexport const x = koffi;", 'only libraries that are known to be pure'],
  ["export { x } from './libvirt/mod.ts';", 'outside of what is simulated'],
  ["export { x } from '../node-agent/file-storage/mod.ts';", 'outside of what is simulated'],
  ["export { x } from '../node-agent/simulated-guests/mod.ts';", 'outside of what is simulated'],
  ["export { x } from '../node-agent/boot-time-clock.ts';", 'outside of what is simulated'],
  ["export { x } from '../actors/system-clock.ts';", 'outside of what is simulated'],
  ["export { x } from '../transport/mod.ts';", 'outside of what is simulated'],
  ["export { x } from '../database/mod.ts';", 'outside of what is simulated'],
  ["export { x } from '../setup/cache.ts';", 'outside of what is simulated'],
  ["export { x } from '../actors/host-for-tests.ts';", 'outside of what is simulated'],
  ["export { x } from './hypervisor-contract.ts';", 'outside of what is simulated'],
  ["export { x } from '../simulation/virtual-time.ts';", 'outside of what is simulated'],
  ["export { wallClockMs } from '../real/wall-clock.ts';", 'What the simulator itself takes from the machine'],
];

/** Simulated folders: everywhere there the same is smuggled. */
const FOLDERS = ['machines/vm', 'actors', 'ports', 'node-agent', 'simulation/world', 'simulation/run'];

/** Globals of Node.js that say the same in every run; every other one must be denied. */
const HARMLESS = `AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array
  BigUint64Array Boolean DOMException DataView DisposableStack Error EvalError Float16Array Float32Array Float64Array Infinity
  Int16Array Int32Array Int8Array Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect
  RegExp Set String SuppressedError Symbol SyntaxError TextDecoder TextEncoder TypeError URIError URL URLPattern
  URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakSet atob btoa console decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape isFinite isNaN parseFloat parseInt queueMicrotask structuredClone
  undefined unescape`.split(/\s+/);

const smuggled = FOLDERS.flatMap((folder, at) =>
  SMUGGLED.map(([line, says], number) => [`${folder}/smuggled-${at}-${number}.ts`, line, says] as const),
);

let said: ReadonlyMap<string, string>;
beforeAll(() => {
  said = lintFindings(smuggled);
});

test.each(SMUGGLED)('%s is refused wherever code is simulated', (line, says) => {
  const files = smuggled.filter(([, text]) => text === line).map(([file]) => file);
  expect(files).toHaveLength(FOLDERS.length);
  for (const file of files) expect(said.get(file) ?? '', file).toContain(says);
});

test('every global of Node.js is either denied in simulated code or known to be harmless', () => {
  const input = 'console.log(JSON.stringify(Object.getOwnPropertyNames(globalThis)))';
  const found = spawnSync(process.execPath, ['--input-type=module'], { input, encoding: 'utf8' });
  const globals = z.array(z.string()).parse(JSON.parse(found.stdout));
  expect(globals).toContain('process');
  const denied = readFileSync(join(import.meta.dirname, '../../biome.json'), 'utf8');
  const unjudged = globals.filter((name) => !HARMLESS.includes(name) && !denied.includes(`"${name}": "`));
  expect(unjudged).toEqual([]);
});

test('what the simulator takes from the machine is for those alone who play, and not for the world', () => {
  const text = "export { nextTurn } from '../real/next-turn.ts';";
  const files = ['simulation/world/a.ts', 'simulation/invariants/a.ts', 'simulation/run/a.ts', 'node-agent/a.ts'];
  const findings = lintFindings(files.map((file) => [file, text] as const));
  expect([...findings.keys()].toSorted()).toEqual([
    'node-agent/a.ts',
    'simulation/invariants/a.ts',
    'simulation/world/a.ts',
  ]);
});

test('nothing simulated switches a rule off, except where it is known why', () => {
  const root = join(import.meta.dirname, '../..');
  const files = globSync('{machines,actors,ports,node-agent,simulation,database}/**/*.ts', { cwd: root });
  const off = files.filter(
    (file) => !file.endsWith('.test.ts') && readFileSync(join(root, file), 'utf8').includes('biome-ignore'),
  );
  expect(off.toSorted()).toEqual(['actors/mod.ts', 'simulation/run/play.ts', 'simulation/standstill.ts']);
});
