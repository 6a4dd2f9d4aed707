import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { ensureHypervisor } from '../setup/hypervisor.ts';
import { assertPortFree, freePorts } from '../transport/mod.ts';

/** The lab as a person runs it: a process of its own. */
const PROGRAM = join(import.meta.dirname, '../cli/bin.ts');
const hypervisor = await ensureHypervisor(console.log);
const isRoot = process.getuid?.() === 0;
const children: ChildProcess[] = [];
const undo: (() => void)[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const step of undo.splice(0).toReversed()) step();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'us-'));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** `said` resolves once standard output holds the text; throws when the process ends first. */
function run(root: string, ...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, 'lab', ...args], { env: { ...process.env, UNDERSTUDY_LAB: root } });
  children.push(child);
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = new Promise<{ status: number | null; errors: string }>((resolve) => {
    child.once('close', (status) => resolve({ status, errors }));
  });
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => out.includes(text) && resolve();
      child.stdout.on('data', look);
      look();
      void ended.then(() => reject(new Error(`it ended and never said ${text}: ${errors}`)));
    });
  return { child, ended, said };
}

/** Processes whose command line or working folder names the lab's folder. */
function processesOf(root: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(root);
    } catch {
      return false; // ended meanwhile
    }
  });
}

it('leaves nothing when it is told to end; what a killed lab left, the next start ends', async () => {
  const root = join(folder(), 'lab');
  const first = run(root);
  await first.said('starting web-1');
  first.child.kill('SIGKILL');
  await first.ended;
  expect(processesOf(root)).not.toEqual([]);

  const second = run(root);
  await second.said('starting web-1');
  expect(await run(root).ended).toMatchObject({ status: 2, errors: expect.stringContaining('a lab already runs') });
  expect(await run(root, 'power-off', 'n9').ended).toEqual({
    status: 2,
    errors: 'understudy: no node "n9" in this lab: it has n1, n2, n3\n',
  });
  expect(await run(root, 'down').ended).toMatchObject({ status: 0 });
  expect((await second.ended).status).toBe(0);
  expect(processesOf(root)).toEqual([]);
  expect(existsSync(root)).toBe(false);
});

it('names a busy port and the way out, starts nothing and leaves nothing', async () => {
  const root = join(folder(), 'lab');
  const other = createServer();
  undo.push(() => other.close());
  const port = await freeTriple(); // its second port gets busy
  await new Promise<void>((resolve) => other.listen(port + 1, '127.0.0.1', resolve));
  expect(await run(root, '--port', String(port)).ended).toEqual({
    status: 2,
    errors: `understudy: Port ${port + 1} on 127.0.0.1 is in use: stop what listens there or choose another port.\n`,
  });
  expect(existsSync(root)).toBe(false);
});

it('names a database that does not answer and the way out in one line, and leaves nothing', async () => {
  const root = join(folder(), 'lab');
  const [port = 0] = await freePorts(1);
  vi.stubEnv('MONGODB_URL', `mongodb://me:hunter2@127.0.0.1:${port}/ha`);
  undo.push(() => vi.unstubAllEnvs());
  const { status, errors } = await run(root).ended;
  expect({ status, errors }).toEqual({
    status: 2,
    errors: expect.stringMatching(
      /^understudy: connect to mongodb:\/\/127\.0\.0\.1:\d+\/understudy-lab-[^\n]*ECONNREFUSED[^\n]*: start it, or unset MONGODB_URL\n$/,
    ),
  });
  expect(errors).not.toContain('hunter2');
  expect(existsSync(root)).toBe(false);
});

async function freeTriple(): Promise<number> {
  for (;;) {
    const [port = 0] = await freePorts(1);
    try {
      for (const one of [port, port + 1, port + 2]) await assertPortFree(one);
      return port;
    } catch {
      // a neighbour is taken
    }
  }
}

it.each([
  [['frobnicate'], "no command 'frobnicate'"],
  [['power-off'], "missing required argument 'node'"],
  [['--port', '70000'], 'from 1 to 65533'],
  [['status'], 'no lab runs here: start one with "npm run lab"'],
  [['run', '/nowhere.json'], '/nowhere.json: (file): there is no such file'],
  [['run', '/'], '/: (file): a folder, name a file in it'],
])('ends with status 2 and one line for: lab %j', async (args, why) => {
  const { status, errors } = await run(join(folder(), 'lab'), ...args).ended;
  expect(status).toBe(2);
  expect(errors).toContain(why);
  expect(errors.trimEnd().split('\n')).toHaveLength(1);
});

it.skipIf(!isRoot || hypervisor.kind === 'none')(
  'says in one line that the disk is full, and leaves nothing',
  async () => {
    const mount = folder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]);
    undo.push(() => execFileSync('umount', [mount]));
    const { status, errors } = await run(join(mount, 'lab')).ended;
    expect(status).toBe(2);
    expect(errors).toMatch(/^understudy: ENOSPC: no space left.*UNDERSTUDY_LAB\n$/);
    expect(readdirSync(mount)).toEqual([]);
  },
);
