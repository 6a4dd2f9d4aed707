import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from './lab.ts';
import { LabError } from './lab-error.ts';

const LOOK_MS = 100;
const DEADLINE_MS = 60_000;

/** Waits until each of these nodes is judged healthy. Throws `LabError` after a minute. */
export async function untilCalm(lab: Lab, nodes: readonly string[]): Promise<void> {
  const untilMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const sick = lab.status().nodes.filter(({ node, verdict }) => nodes.includes(node) && verdict !== 'healthy');
    if (sick.length === 0) return;
    if (performance.now() > untilMs) {
      const which = sick.map(({ node, verdict }) => `${node} ${verdict}`).join(', ');
      throw new LabError(`not healthy after a minute: ${which}`);
    }
    await delay(LOOK_MS);
  }
}
