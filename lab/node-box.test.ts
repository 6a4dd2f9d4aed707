import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bestBoxKind, endLeftNode, type NodeBox, startNodeBox } from './node-box.ts';
import { nodeMembers } from './node-members.ts';
import { readPidFile } from './pid-file.ts';
import { isAlive } from './process-identity.ts';

let folder: string;
let boxes: NodeBox[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-box-'));
  boxes = [];
});
afterEach(async () => {
  for (const box of boxes) await box.powerOff();
  rmSync(folder, { recursive: true });
});

const kinds = (await bestBoxKind()) === 'namespace' ? (['namespace', 'mark'] as const) : (['mark'] as const);

describe.each(kinds)('a node in a box of kind %s', (kind) => {
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
    await box.ended;
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

  it('is reset whole by the watchdog when the agent stops kicking', async () => {
    const agent = join(folder, 'agent.ts');
    writeFileSync(
      agent,
      `import { spawn } from 'node:child_process';
       spawn('sleep', ['77'], { detached: true, stdio: 'ignore' }).unref();
       process.send?.({ do: 'arm', timeoutMs: 150 });
       setInterval(() => undefined, 1000);`,
    );
    const box = await start(process.execPath, join(import.meta.dirname, 'node-init.ts'), agent);
    await box.ended;
    while (nodeMembers(box.boundary).length > 0) await delay(5);
  });
});
