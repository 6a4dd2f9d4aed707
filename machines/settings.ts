import { z } from 'zod';
import { sensitivities } from './timings/timings.ts';

/** What the whole cluster agrees on (document `settings/main`). Missing fields take the product's defaults. */
export const clusterSettings = z.object({
  /** B7, B8. */
  sensitivity: z.enum(sensitivities).default('standard'),
  /** T8: recover also when the node's storage service fails. */
  boost: z.boolean().default(false),
  /** T5: what an orderly shutdown of a host does with its VMs. */
  shutdownPolicy: z.enum(['recover', 'freeze']).default('recover'),
  /** F4: capacity kept free for that many host failures. */
  reserveHosts: z.number().int().nonnegative().default(0),
  /** F8: no recovery while more than this share of the nodes looks dead. 100 = no brake. */
  massFailurePercent: z.number().min(0).max(100).default(100),
  /** What becomes of a node whose power a fence took: it boots again, or waits for a person. */
  afterFence: z.enum(['power-on', 'stay-off']).default('power-on'),
  /** The rate at which two hosts' monotonic clocks may differ at most; enters the takeover bound. */
  clockDriftPercent: z.number().min(0).max(20).default(5),
  /**
   * A disk write of a copy that was forced off lands at most so long after its end: what the user timeout of the disks'
   * transport promises (T2). Unset: nobody knows, and a host that had to force a copy off is reset by its watchdog.
   */
  lateWriteBoundMs: z.number().positive().optional(),
  /** F6: false while a user has disarmed HA for the whole cluster. */
  armed: z.boolean().default(true),
});
export type ClusterSettings = z.output<typeof clusterSettings>;
