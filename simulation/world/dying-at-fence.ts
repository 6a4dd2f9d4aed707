import type { Fence } from '#ports';
import type { SimProcess } from './sim-process.ts';

/** The same fence, with the crash points right after its orders: the device has the order, and nobody hears what came of it. */
export function dyingAtFence(fence: Fence, process: SimProcess): Fence {
  const { powerOn } = fence;
  return {
    name: fence.name,
    fence: (node, incarnation) => {
      const asked = fence.fence(node, incarnation);
      process.reach('fence.fence');
      return asked;
    },
    ...(powerOn === undefined
      ? {}
      : {
          powerOn: (node) => {
            const asked = powerOn.call(fence, node);
            process.reach('fence.power-on');
            return asked;
          },
        }),
  };
}
