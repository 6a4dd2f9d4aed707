import { type ChildProcess, fork } from 'node:child_process';
import { z } from 'zod';
import { startSessionDaemon } from '../node-agent/libvirt/mod.ts';
import { isAgentHeld } from './agent-held.ts';
import { libvirtFolder } from './node-libvirt.ts';
import { FOLDER_VARIABLE, nodeMembers } from './node-members.ts';
import { signalProcess } from './process-identity.ts';
import { runAboveOthers } from './real-time.ts';
import { SoftWatchdog } from './soft-watchdog.ts';
import { WatchdogLine } from './watchdog-line.ts';

/**
 * The first program of a lab node: `node node-init.ts AGENT.ts [ARGUMENT...]`. Runs libvirt's daemon when the lab names
 * one in UNDERSTUDY_LIBVIRTD, and the agent; starts each again when it dies (the VMs outlive both). Passes kicks on to
 * the node's watchdog in the lab. Its own end takes the whole node down, by the namespace or by `node-box`'s mark: when
 * the lab is gone, or when it stands still and so does not bite.
 */
const message = z.discriminatedUnion('do', [
  z.object({ do: z.literal('arm'), timeoutMs: z.number().positive() }),
  z.object({ do: z.literal('kick') }),
  /** Its incarnation stands on shared storage: a later agent of this boot goes on with it. */
  z.object({ do: z.literal('joined') }),
  /** The node goes down in order: a later agent of this boot goes on with that. */
  z.object({ do: z.literal('goes-down'), reboot: z.boolean() }),
]);

/** As an init system would: soon enough to come back before the watchdog bites. */
const RESTART_MS = 200;
/** The lab's watchdog first; still within the drift margin of the takeover bound. */
const AFTER_THE_LAB_MS = 1000;

const clock = {
  nowMs: () => performance.now(),
  after(delayMs: number, fire: () => void) {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
const softWatchdog = new SoftWatchdog(clock, () => {
  console.error("nobody kicked the watchdog in time and the lab's did not bite: the node resets");
  reset();
});
const line = new WatchdogLine(() => {
  console.error('the lab is gone, and with it the power');
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

let libvirtUri: string | undefined;

async function runDaemon(libvirtd: string, folder: string): Promise<void> {
  const daemon = await startSessionDaemon(libvirtd, folder);
  libvirtUri = daemon.uri;
  if (daemon.process.pid !== undefined) await runAboveOthers(daemon.process.pid, false); // not its guests
  daemon.process.once('exit', (status, signal) => {
    console.error(`libvirtd ended (${signal ?? status}), starting it again`);
    setTimeout(() => {
      runDaemon(libvirtd, folder).catch((error: unknown) => {
        console.error(error);
        reset(); // a host whose VMs nobody can suspend must not go on
      });
    }, RESTART_MS);
  });
}

let joined = false;
let goesDown: 'reboot' | 'off' | '' = '';

function runAgent(freshBoot: boolean): ChildProcess {
  const [agent, ...rest] = process.argv.slice(2);
  if (agent === undefined) throw new Error('usage: node-init.ts AGENT.ts [ARGUMENT...]');
  const child = fork(agent, rest, {
    env: {
      ...process.env,
      UNDERSTUDY_FRESH_BOOT: freshBoot ? '1' : '0',
      UNDERSTUDY_GOES_DOWN: goesDown,
      UNDERSTUDY_LIBVIRT_URI: libvirtUri,
    },
  });
  child.on('message', (received) => {
    const { data } = message.safeParse(received);
    if (data === undefined) return; // an agent that talks nonsense does not kick
    if (data.do === 'joined') {
      joined = true;
      return;
    }
    if (data.do === 'goes-down') {
      goesDown = data.reboot ? 'reboot' : 'off';
      return;
    }
    line.say(data);
    if (data.do === 'arm') softWatchdog.arm(data.timeoutMs + AFTER_THE_LAB_MS);
    else softWatchdog.kick();
  });
  child.once('exit', (status, signal) => {
    console.error(`agent ended (${signal ?? status}), starting it again`);
    setTimeout(restartAgent, RESTART_MS);
  });
  return child;
}

function restartAgent(): void {
  if (home !== undefined && isAgentHeld(home)) setTimeout(restartAgent, RESTART_MS);
  else runAgent(!joined);
}

const { UNDERSTUDY_LIBVIRTD: libvirtd, [FOLDER_VARIABLE]: home } = process.env;
// The lab ends nodes by SIGKILL only: a signal meant for a terminal must not look like a power cut.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
if (libvirtd !== undefined && home !== undefined) await runDaemon(libvirtd, libvirtFolder(home));
runAgent(true);
