import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAgent } from './agent-process.ts';
import { bestBoxKind, endLeftNode, type NodeBox, startNodeBox } from './node-box.ts';
import { type NodeBoundary, nodeMembers } from './node-members.ts';
import { readPidFile } from './pid-file.ts';
import { isAlive, type ProcessIdentity, signalProcess } from './process-identity.ts';

let folder: string;
let boxes: NodeBox[];
let labs: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-box-'));
  boxes = [];
  labs = [];
});
afterEach(async () => {
  for (const box of boxes) await box.powerOff();
  for (const lab of labs) lab.kill('SIGKILL');
  await endLeftNode(join(folder, 'n1.pid'), join(folder, 'n1'));
  rmSync(folder, { recursive: true });
});

const kinds = (await bestBoxKind()) === 'namespace' ? (['namespace', 'mark'] as const) : (['mark'] as const);

/** Programs start slowly on a busy machine. */
const PATIENCE = { timeout: 60_000 };

describe.each(kinds)('a node in a box of kind %s', PATIENCE, (kind) => {
  const start = async (...command: [string, ...string[]]): Promise<NodeBox> => {
    const options = { kind, folder: join(folder, 'n1'), pidFile: join(folder, 'n1.pid'), command };
    const box = await startNodeBox(options);
    boxes.push(box);
    return box;
  };
  const membersReach = async (box: NodeBox, count: number): Promise<void> => {
    while (nodeMembers(box.boundary).length < count) await delay(5);
  };

  it('loses every process at a power cut, also those that left their session', async () => {
    const box = await start(
      'sh',
      '-c',
      'setsid -f sleep 77; setsid -f sh -c "trap : TERM INT; sleep 77; sleep 77"; sleep 77',
    );
    await membersReach(box, 4);
    await box.powerOff();
    expect(nodeMembers(box.boundary)).toEqual([]);
    await box.failed;
  });

  it('is found and ended by its pid file alone, as after a crash of the lab', async () => {
    const box = await start('sh', '-c', 'setsid -f sleep 77; sleep 77');
    await membersReach(box, 3);
    await endLeftNode(join(folder, 'n1.pid'), join(folder, 'n1'));
    expect(nodeMembers(box.boundary)).toEqual([]);
  });

  it('writes a pid file that names a living process', async () => {
    await start('sleep', '77');
    const named = readPidFile(join(folder, 'n1.pid'));
    expect(named !== undefined && isAlive(named)).toBe(true);
  });

  /** An agent that arms the watchdog, kicks it `kicks` times, and has a process that left its session, as QEMUs have. */
  const startNode = async (kicks: number): Promise<NodeBox> => {
    const agent = join(folder, 'agent.ts');
    writeFileSync(
      agent,
      `import { spawn } from 'node:child_process';
       spawn('sleep', ['77'], { detached: true, stdio: 'ignore' }).unref();
       process.send?.({ do: 'arm', timeoutMs: 600 });
       let kicks = ${kicks};
       setInterval(() => kicks-- > 0 && process.send?.({ do: 'kick' }), 50);`,
    );
    return await start(process.execPath, join(import.meta.dirname, 'node-init.ts'), agent);
  };

  it('is bitten by the watchdog when the agent stops kicking', async () => {
    const box = await startNode(5);
    expect(await box.failed).toMatch(/hardware watchdog: nobody kicked it for \d/);
    await box.powerOff();
    expect(nodeMembers(box.boundary)).toEqual([]);
  });

  it('is bitten although it stands still as a whole, and then none of it can go on', async () => {
    const box = await startNode(1_000_000);
    while (!nodeMembers(box.boundary).some((member) => programOf(member) === 'sleep')) await delay(20);
    let why: string | undefined;
    while (why === undefined) {
      for (const member of nodeMembers(box.boundary)) signalProcess(member, 'SIGSTOP');
      why = await Promise.race([box.failed, delay(2000, undefined)]);
      // Stopped before the watchdog was armed: then it goes on until it is.
      if (why === undefined) for (const member of nodeMembers(box.boundary)) signalProcess(member, 'SIGCONT');
    }
    expect(why).toMatch(/hardware watchdog/);
    await box.powerOff();
    expect(nodeMembers(box.boundary)).toEqual([]);
  });
});

describe("a node, when the lab's process", PATIENCE, () => {
  const [kind] = kinds;

  /** A lab of one node, as a process of its own: to be paused and killed. */
  async function startLab() {
    const agent = join(folder, 'agent.ts');
    const kick = "setInterval(() => process.send?.({ do: 'kick' }), 20);";
    writeFileSync(agent, `process.send?.({ do: 'arm', timeoutMs: 800 }); ${kick}`);
    const options = {
      ...{ kind, folder: join(folder, 'n1'), pidFile: join(folder, 'n1.pid') },
      command: [process.execPath, join(import.meta.dirname, 'node-init.ts'), agent],
    };
    const program = join(folder, 'lab.ts');
    writeFileSync(
      program,
      `import { startNodeBox } from ${JSON.stringify(join(import.meta.dirname, 'node-box.ts'))};
       const box = await startNodeBox(${JSON.stringify(options)});
       console.log(JSON.stringify(box.boundary));
       console.log(await box.failed);`,
    );
    const lab = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    labs.push(lab);
    const lines = createInterface({ input: lab.stdout })[Symbol.asyncIterator]();
    const boundary: NodeBoundary = JSON.parse((await lines.next()).value ?? 'null');
    while (!nodeMembers(boundary).some((member) => isAgent(member))) await delay(20);
    return { lab, boundary };
  }

  it('stood still for longer than the timeout, is left alone: it kicked all the time', async () => {
    const { lab, boundary } = await startLab();
    lab.kill('SIGSTOP');
    await delay(1600);
    lab.kill('SIGCONT');
    await delay(500); // enough looks
    expect(lab.exitCode).toBeNull();
    expect(nodeMembers(boundary).filter((member) => isAgent(member))).toHaveLength(1);
  });

  it('is killed, goes down: nobody would guard it', async () => {
    const { lab, boundary } = await startLab();
    lab.kill('SIGKILL');
    while (nodeMembers(boundary).length > 0) await delay(5);
  });
});

function programOf({ pid }: ProcessIdentity): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return undefined; // ended meanwhile
  }
}
