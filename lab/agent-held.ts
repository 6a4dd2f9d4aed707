import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** While a file of this name is in a node's folder, its agent is not started again. */
const AGENT_HELD = 'agent-held';

export function agentHeldFile(nodeFolder: string): string {
  return join(nodeFolder, AGENT_HELD);
}

export function isAgentHeld(nodeFolder: string): boolean {
  return existsSync(agentHeldFile(nodeFolder));
}
