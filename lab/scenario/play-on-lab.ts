import { setTimeout as delay } from 'node:timers/promises';
import { nodeId, vmId } from '#machines';
import {
  checkRun,
  notThere,
  type PlacementState,
  Recorder,
  recordEvent,
  type Scenario,
  type ScenarioEvent,
  type ScenarioResult,
  unmetExpectations,
} from '../../simulation/mod.ts';
import type { Lab } from '../lab.ts';
import { LabError } from '../lab-error.ts';
import { untilCalm } from '../until-calm.ts';
import { perform } from './perform.ts';

/** As the simulator's, but real time, so no hash: no two runs are the same. */
export type LabResult = Omit<ScenarioResult, 'hash'>;

/**
 * Plays a scenario on a lab that was made from it and has booted, second by second, and checks at the end what is
 * expected and what the guests wrote on their disks. Throws `LabError` when the cluster never gets healthy.
 */
export async function playOnLab(lab: Lab, scenario: Scenario, beganMs: number): Promise<LabResult> {
  const on = scenario.nodes.filter(({ power }) => power === 'on').map(({ name }) => name);
  await untilCalm(lab, on); // time 0 of a scenario
  const zeroMs = performance.now();
  const recorder = new Recorder(() => performance.now() - zeroMs);
  const leaves = follow(lab, recorder);
  const under: Promise<void>[] = [];
  for (const event of scenario.events.filter(({ at }) => at <= scenario.until)) {
    await delay(Math.max(0, zeroMs + event.at * 1000 - performance.now()));
    recordEvent(recorder, event);
    under.push(performed(lab, recorder, event));
  }
  await delay(Math.max(0, zeroMs + scenario.until * 1000 - performance.now()));
  const placement = await placementOf(lab);
  for (const leave of leaves) leave();
  checkRun(scenario, recorder);
  for (const why of await lab.checkWitness()) recorder.violate("G2: the guests' own records", why);
  const unmet = [...unmetExpectations(scenario, placement), ...(await lab.unproven())];
  const { timeline, recoveries, violations, decisions } = recorder;
  return {
    name: scenario.name,
    seed: scenario.settings.seed,
    ok: unmet.length === 0 && violations.length === 0,
    ...{ placement, unmet, timeline, recoveries, violations },
    decisions,
    simulatedSeconds: scenario.until,
    wallSeconds: (performance.now() - beganMs) / 1000,
  };
}

/**
 * Feeds the record. That a copy runs is taken from the agent that started or resumed it: to its hypervisor it counts as
 * running a little earlier.
 */
function follow(lab: Lab, recorder: Recorder): (() => void)[] {
  const host = (node: string) => ({ name: nodeId(node) });
  return [
    lab.watch.subscribe(({ node, vm, about, what, why }) => {
      const named = { ...(vm === undefined ? {} : { vm }), ...(about === undefined ? {} : { about }) };
      recorder.log({ node: host(node).name, what, why, ...named });
      if ((what !== 'start' && what !== 'resume') || vm === undefined) return;
      const epoch = Number(/\(epoch (\d+)\)/.exec(why)?.[1] ?? 0);
      recorder.copyChanged(host(node), { vm: vmId(vm), epoch, state: 'running' });
    }),
    lab.watch.subscribeCopies((node, copy) => {
      if (copy.state !== 'running') recorder.copyChanged(host(node), { ...copy, vm: vmId(copy.vm) });
    }),
  ];
}

/** What cannot be done just now is noted and changes nothing; anything else that fails breaks the run. */
async function performed(lab: Lab, recorder: Recorder, event: ScenarioEvent): Promise<void> {
  try {
    await perform(lab, event);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof LabError) recorder.fact('scenario: nothing to do', undefined, undefined, why);
    else recorder.violate('the lab can play the file', `${event.do} at ${event.at} s: ${why}`);
  }
}

/** Where every VM is, as the hypervisors last said. */
async function placementOf(lab: Lab): Promise<LabResult['placement']> {
  const placement: Record<string, { state: PlacementState; node: string | null }> = {};
  for (const { id, body } of await lab.operator.vms()) {
    const { state, node } = lab.watch.copyOf(id);
    if (state === 'running' || state === 'suspended') placement[id] = { state, node: node ?? null };
    else placement[id] = { state: notThere(body), node: null };
  }
  return placement;
}
