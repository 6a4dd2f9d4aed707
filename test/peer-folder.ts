import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseScenario, type Scenario } from '../simulation/mod.ts';

const notes = z.object({ peer: z.object({ recoverySeconds: z.array(z.number()) }).optional() });

/** A scenario of a peer system, with the seconds that the peer itself needed for its recoveries. */
export interface PeerScenario {
  readonly file: string;
  readonly scenario: Scenario;
  readonly recoverySeconds: readonly number[];
}

/** Where peer scenarios are looked for: PEER_SCENARIOS, else a folder `shared/peer` beside this project. */
export const PEER_FOLDER = process.env.PEER_SCENARIOS ?? join(import.meta.dirname, '..', '..', 'shared', 'peer');

/** Every scenario there, in the order of their names; none when there is no such folder. */
export function readPeerScenarios(folder = PEER_FOLDER): readonly PeerScenario[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const { peer } = notes.parse(JSON.parse(text));
    return { file, scenario: parseScenario(text, file), recoverySeconds: peer?.recoverySeconds ?? [] };
  });
}
