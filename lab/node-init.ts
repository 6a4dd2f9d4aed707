import { type ChildProcess, fork } from 'node:child_process';
import { z } from 'zod';
import { FOLDER_VARIABLE, nodeMembers } from './node-members.ts';
import { signalProcess } from './process-identity.ts';
import { SoftWatchdog } from './soft-watchdog.ts';

/**
 * The first program of a lab node: `node node-init.ts AGENT.ts [ARGUMENT...]`. Runs the agent, starts it again when it
 * dies, and is the node's watchdog: its own end takes the whole node down, by the namespace or by `node-box`'s mark.
 */
const message = z.discriminatedUnion('do', [
  z.object({ do: z.literal('arm'), timeoutMs: z.number().positive() }),
  z.object({ do: z.literal('kick') }),
]);

/** As an init system would: soon enough to come back before the watchdog bites. */
const RESTART_MS = 200;

const clock = {
  nowMs: () => performance.now(),
  after(delayMs: number, fire: () => void) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
const watchdog = new SoftWatchdog(clock, () => {
  console.error('watchdog: nobody kicked it in time, the node resets');
  reset();
});

function reset(): void {
  const folder = process.env[FOLDER_VARIABLE];
  // Without a namespace nobody else ends the others. Inside one, the kernel does when the shell above us ends.
  if (folder !== undefined) {
    for (const member of nodeMembers({ kind: 'mark', folder })) {
      if (member.pid !== process.ppid) signalProcess(member, 'SIGKILL');
    }
  }
  process.exit(70);
}

function runAgent(freshBoot: boolean): ChildProcess {
  const [agent, ...rest] = process.argv.slice(2);
  if (agent === undefined) throw new Error('usage: node-init.ts AGENT.ts [ARGUMENT...]');
  const child = fork(agent, rest, {
    env: { ...process.env, UNDERSTUDY_FRESH_BOOT: freshBoot ? '1' : '0' },
  });
  child.on('message', (received) => {
    const { data } = message.safeParse(received);
    if (data === undefined) return; // an agent that talks nonsense does not kick
    if (data.do === 'arm') watchdog.arm(data.timeoutMs);
    else watchdog.kick();
  });
  child.once('exit', (status, signal) => {
    console.error(`agent ended (${signal ?? status}), starting it again`);
    setTimeout(() => runAgent(false), RESTART_MS);
  });
  return child;
}

// The lab ends nodes by SIGKILL only: a signal meant for a terminal must not look like a power cut.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
runAgent(true);
