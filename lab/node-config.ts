import { z } from 'zod';
import { clusterSettings } from '#machines';

/** What the lab tells a node's agent, as a file in the node's folder. */
export const nodeConfig = z.object({
  node: z.string(),
  nats: z.array(z.string()).min(1),
  database: z.string(),
  area: z.string(),
  control: z.string(),
  /** Where guests write their consoles. */
  consoles: z.string(),
  /** Null: simulated guests. */
  guest: z
    .object({ qemu: z.string(), kernel: z.string(), initrd: z.string(), accelerator: z.enum(['kvm', 'tcg']) })
    .nullable(),
  settings: clusterSettings,
  /** `confirming`: the lab's power switch. `broken`: one that never confirms. */
  fence: z.object({ kind: z.enum(['none', 'confirming', 'broken']), seconds: z.number().nonnegative() }),
});
export type NodeConfig = z.output<typeof nodeConfig>;
