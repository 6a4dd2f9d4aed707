import { describe, expect, test } from 'vitest';
import { timingsFor } from '#machines';
import { play, productionBuild, refuseWhatIsNotBuilt } from '../simulation/mod.ts';
import { PEER_FOLDER, readPeerScenarios } from './peer-folder.ts';

const peers = readPeerScenarios();

/** From the decision to a VM that runs: placing, leases, the hypervisor. */
const START_SECONDS = 10;

const NONE = `scenarios of a peer: there are none in ${PEER_FOLDER}; PEER_SCENARIOS names the folder that has them`;
if (peers.length === 0) test.skip(NONE, () => {}); // told by name at the end of every test run

describe.runIf(peers.length > 0)('scenarios of a peer', () => {
  test.each(peers.map((peer) => [peer.file, peer] as const))(
    '%s comes out as it says, within the promised time, and at high sensitivity sooner than the peer',
    async (file, { scenario, recoverySeconds }) => {
      refuseWhatIsNotBuilt(scenario, file);
      const own = await play(scenario, { build: productionBuild });
      expect(own.violations).toEqual([]);
      expect(own.unmet).toEqual([]);
      const { hostFailure } = timingsFor({
        sensitivity: scenario.settings.sensitivity,
        confirmingFence: true,
      }).triggerMs;
      for (const { seconds } of own.recoveries) expect(seconds).toBeLessThanOrEqual(hostFailure / 1000 + START_SECONDS);
      if (recoverySeconds.length === 0) return;
      expect(own.recoveries.length).toBeGreaterThan(0);
      const settings = { ...scenario.settings, sensitivity: 'high' as const };
      const high = await play({ ...scenario, settings }, { build: productionBuild });
      expect(high.violations).toEqual([]);
      expect(high.recoveries.length).toBeGreaterThan(0);
      for (const { seconds } of high.recoveries) expect(seconds).toBeLessThan(Math.min(...recoverySeconds));
    },
    120_000,
  );
});
