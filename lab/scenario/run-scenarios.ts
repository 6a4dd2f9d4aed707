import { parseScenario, readScenarioFile, type Scenario, ScenarioInvalid } from '../../simulation/mod.ts';
import { Lab } from '../lab.ts';
import { forPeople, isForPeople } from '../lab-error.ts';
import { labFolder, labRoot } from '../lab-folder.ts';
import { LabCannotPlay, refuseWhatTheLabCannot } from './can-play.ts';
import { type LabResult, playOnLab } from './play-on-lab.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;

/** Plays one scenario and takes its lab down; resolves with its exit status, that of `interrupted` when it ends first. */
type Play = (scenario: Scenario, json: boolean, interrupted: Promise<number>) => Promise<number>;

/**
 * `understudy lab run`: reads every file before it plays the first, each on a fresh lab beside one that may already run.
 * Results as JSON or in words on standard output, all else on standard error. Resolves with the exit status: 1 an
 * expectation or invariant failed, 2 wrong file or lab, 3 the lab cannot play that, 130 interrupted: no further one begins.
 */
export async function runScenarios(files: readonly string[], json: boolean, play: Play = playOne): Promise<number> {
  const scenarios: Scenario[] = [];
  let status = 0;
  for (const file of files) {
    try {
      const scenario = parseScenario(await readScenarioFile(file), file);
      refuseWhatTheLabCannot(scenario, file);
      scenarios.push(scenario);
    } catch (error) {
      if (error instanceof LabCannotPlay) status = Math.max(status, 3);
      else if (error instanceof ScenarioInvalid) status = 2;
      else throw error;
      console.error(`understudy: ${error.message}`);
      if (status === 2) return 2;
    }
  }
  if (status !== 0) return status;
  const interrupted = new Promise<number>((resolve) => {
    // Once for all of them, and for good: a second signal must not cut off the clean-up that the first began.
    for (const signal of SIGNALS) process.on(signal, () => resolve(INTERRUPTED));
  });
  for (const scenario of scenarios) {
    const ended = await play(scenario, json, interrupted);
    if (ended === INTERRUPTED) return INTERRUPTED;
    status = Math.max(status, ended);
  }
  return status;
}

async function playOne(scenario: Scenario, json: boolean, interrupted: Promise<number>): Promise<number> {
  const beganMs = performance.now();
  const say = (line: string) =>
    void process.stderr.write(`${((performance.now() - beganMs) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  let lab: Lab | undefined;
  try {
    lab = new Lab({ folder: labFolder(`${labRoot()}-run`), plan: scenario, say });
    const running = lab;
    const played = (async () => {
      await running.start();
      await running.startVms();
      const result = await playOnLab(running, scenario, beganMs);
      console.log(json ? JSON.stringify(result) : inWords(result));
      return result.ok ? 0 : 1;
    })();
    return await Promise.race([played, interrupted]);
  } catch (error) {
    if (!isForPeople(error)) throw error;
    console.error(`understudy: ${forPeople(error)}`);
    return 2;
  } finally {
    await lab?.end();
  }
}

/** For people: where every VM ended, what was recovered how fast, what broke. */
function inWords({ ok, name, placement, recoveries, unmet, violations }: LabResult): string {
  return [
    `${ok ? 'ok' : 'FAILED'}  ${name}`,
    ...Object.entries(placement).map(
      ([vm, { state, node }]) => `  ${vm}: ${state}${node === null ? '' : ` on ${node}`}`,
    ),
    ...recoveries.map(({ vm, from, to, seconds }) => `  ${vm}: ${from} -> ${to} in ${seconds} s`),
    ...unmet.map((line) => `  unmet: ${line}`),
    ...violations.map(({ at, invariant, why }) => `  VIOLATION at ${at} s: ${invariant}: ${why}`),
  ].join('\n');
}
