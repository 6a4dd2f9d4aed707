import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { play, productionBuild, type ScenarioResult, withoutRealTime } from '../simulation/mod.ts';
import { PEER_FOLDER, type PeerScenario, readPeerScenarios } from '../test/peer-folder.ts';

/** How long recovery takes in every scenario of a peer, in simulated seconds, beside what the peer itself noted. */
const { values } = parseArgs({ options: { json: { type: 'string' } } });
const peers = readPeerScenarios();
if (peers.length === 0) {
  console.error(`no peer scenarios in ${PEER_FOLDER} (set PEER_SCENARIOS to the folder that has them)`);
  process.exit(2);
}

type Sensitivity = PeerScenario['scenario']['settings']['sensitivity'];

async function recover({ scenario }: PeerScenario, sensitivity: Sensitivity): Promise<ScenarioResult> {
  const settings = { ...scenario.settings, sensitivity };
  return await withoutRealTime(() => play({ ...scenario, settings }, { build: productionBuild }));
}

const rows = [];
for (const peer of peers) {
  const own = await recover(peer, peer.scenario.settings.sensitivity);
  const high = await recover(peer, 'high');
  rows.push({
    file: peer.file,
    outcome: own.ok && high.violations.length === 0 ? 'as expected' : 'FAILED',
    ownSeconds: own.recoveries.map(({ seconds }) => seconds),
    highSeconds: high.recoveries.map(({ seconds }) => seconds),
    peerSeconds: peer.recoverySeconds,
  });
}
const inWords = (seconds: readonly number[]) =>
  seconds.length === 0 ? '-' : seconds.map((s) => s.toFixed(1)).join(', ');
console.log('| scenario | outcome | recovery, own settings (s) | recovery, high (s) | peer (s) |');
console.log('|---|---|---|---|---|');
for (const { file, outcome, ownSeconds, highSeconds, peerSeconds } of rows) {
  console.log(`| ${file} | ${outcome} | ${inWords(ownSeconds)} | ${inWords(highSeconds)} | ${inWords(peerSeconds)} |`);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 1)}\n`);
if (rows.some(({ outcome }) => outcome === 'FAILED')) process.exitCode = 1;
