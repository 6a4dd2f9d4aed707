import { setTimeout as delay } from 'node:timers/promises';
import type { Fence } from '#ports';
import { LabFence } from './lab-fence.ts';
import type { NodeConfig } from './node-config.ts';

/** The fences of a lab node. */
export function nodeFences({ control, fence: { kind, seconds } }: NodeConfig): readonly Fence[] {
  if (kind === 'none') return [];
  if (kind === 'confirming') return [slowed(new LabFence(control), seconds)];
  const broken: Fence = {
    name: 'broken fence',
    fence: async () => ({ outcome: 'failed', by: 'broken fence', why: 'it never confirms' }),
  };
  return [slowed(broken, seconds)];
}

/** A device takes its time. */
function slowed(fence: Fence, seconds: number): Fence {
  if (seconds === 0) return fence;
  return {
    name: fence.name,
    async fence(node, incarnation) {
      await delay(seconds * 1000);
      return await fence.fence(node, incarnation);
    },
  };
}
