import { workerData } from 'node:worker_threads';
import { z } from 'zod';
import { refuseNodeModules } from '../real/no-node-modules.ts';
import { refuseRealTime } from '../real/no-real-time.ts';

/** How a playing thread begins: whatever cannot be repeated is refused, and only then its program is loaded. */
const { program } = z.object({ program: z.url() }).parse(workerData);
refuseNodeModules();
refuseRealTime();
await import(program);
