import { z } from 'zod';
import { LabError } from './lab-error.ts';
import type { LabStatus } from './lab-status.ts';
import type { LineHandler } from './line-peer.ts';

/** What can be done to a running lab. Each throws `LabError` for an unknown node or VM. */
export interface LabControl {
  /** Cuts the power; resolves once no process of the node is left. */
  powerOff(node: string): Promise<void>;
  powerOn(node: string): Promise<void>;
  /** Kills the VM's QEMU, as a crash would (T7). */
  killVm(vm: string): Promise<void>;
  /** Presses the guest's power button (T7b). */
  guestShutdown(vm: string): Promise<void>;
  /** As `powerOff`, unless the node has booted since that incarnation: then nothing of it is left anyway. */
  fence(node: string, incarnation: number): Promise<void>;
  status(): LabStatus;
  /** Begins to take everything down. */
  down(): void;
}

const onNode = z.object({ node: z.string() });
const onVm = z.object({ vm: z.string() });
const fence = z.object({ node: z.string(), incarnation: z.number().int().nonnegative() });

/** Answers the control socket's requests from `lab`. */
export function labVerbs(lab: LabControl): LineHandler {
  const verbs: Readonly<Record<string, (args: unknown) => unknown>> = {
    'power-off': (args) => lab.powerOff(onNode.parse(args).node),
    'power-on': (args) => lab.powerOn(onNode.parse(args).node),
    'kill-vm': (args) => lab.killVm(onVm.parse(args).vm),
    'guest-shutdown': (args) => lab.guestShutdown(onVm.parse(args).vm),
    fence(args) {
      const { node, incarnation } = fence.parse(args);
      return lab.fence(node, incarnation);
    },
    status: () => lab.status(),
    down: () => lab.down(),
  };
  return async (verb, args) => {
    const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
    if (run === undefined)
      throw new LabError(`this lab does not know ${JSON.stringify(verb)}: is it an older version?`);
    return await run(args);
  };
}
