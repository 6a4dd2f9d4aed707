import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Transport } from '#actors';
import { clusterSettings } from '#machines';
import type { Database } from '#ports';
import type { NodeProcessControl, NodeProcessOptions } from '../../node-agent/node-process-options.ts';
import type { Scenario, ScenarioEvent } from '../scenario/mod.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { happen } from '../world/faults.ts';
import { World } from '../world/world.ts';
import { establish, establishVm } from './initial-state.ts';
import { checkRun, doubleCopies } from './invariants.ts';
import { recordEvent } from './record-event.ts';
import { Recorder } from './recorder.ts';
import type { ScenarioResult } from './result.ts';
import { placementOf, unmetExpectations } from './verdict.ts';

/** What is played: the production build, or a broken one in a test that proves an invariant can fail. */
export interface Build {
  readonly servers: (time: VirtualTime) => { readonly transport: Transport; readonly database: Database };
  readonly createAgent: (options: NodeProcessOptions) => NodeProcessControl;
}

export interface PlayOptions {
  readonly build: Build;
  readonly seed?: string;
  /** Called once at the end with the world as it then is. */
  readonly atEnd?: (world: World) => Promise<void>;
}

/** Plays one scenario to its end. The result, except `wallSeconds`, is a function of the scenario and the seed. */
export async function play(scenario: Scenario, options: PlayOptions): Promise<ScenarioResult> {
  const seed = options.seed ?? String(scenario.settings.seed);
  const began = performance.now();
  const recorder = new Recorder(() => world.time.now);
  const world: World = new World({
    scenario,
    seed,
    settings: clusterSettings.parse(scenario.settings),
    observer: recorder,
    ...options.build,
  });
  await establish(world, scenario);
  for (const event of scenario.events) world.time.after(event.at * 1000, () => perform(world, recorder, event));
  await world.time.run(scenario.until * 1000, () => {
    if (!recorder.dirty) return;
    recorder.dirty = false;
    for (const [vm, where] of doubleCopies(world.hosts.values())) {
      recorder.violate('G2: at most one copy can write', `${vm} runs on ${where.join(' and ')}`);
    }
  });
  checkRun(scenario, recorder);
  await options.atEnd?.(world);
  const placement = await placementOf(world);
  const unmet = unmetExpectations(scenario, placement);
  const { timeline, recoveries, violations } = recorder;
  return {
    name: scenario.name,
    seed,
    ok: unmet.length === 0 && violations.length === 0,
    placement,
    unmet,
    timeline,
    recoveries,
    violations,
    decisions: timeline.length,
    simulatedSeconds: scenario.until,
    wallSeconds: (performance.now() - began) / 1000,
    hash: createHash('sha256').update(JSON.stringify(timeline)).digest('hex'),
  };
}

function perform(world: World, recorder: Recorder, event: ScenarioEvent): void {
  recordEvent(recorder, event);
  if (event.do === 'add') {
    const { at: _at, do: _do, vm: id, node: on, state, ...rest } = event;
    const defaults = { cpus: 1, memoryMiB: 1024, ha: true, priority: 0, failback: true };
    const entry = { ...defaults, ...defined(rest), id, node: on, state: 'stopped' as const };
    void establishVm(world, world.database, entry).then(() => {
      world.tell(`vm/${id}`, { type: state === 'running' ? 'start' : 'adopt' });
    });
    return;
  }
  happen(world, event);
}

function defined<Fields extends object>(fields: Fields): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> }; // undefined ones are gone
}
