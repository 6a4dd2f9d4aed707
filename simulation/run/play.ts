import type { Transport } from '#actors';
import { clusterSettings } from '#machines';
import type { Database } from '#ports';
import type { NodeProcessControl, NodeProcessOptions } from '../../node-agent/node-process-options.ts';
import { strike } from '../faults/strike.ts';
import type { WorldFault } from '../faults/world-fault.ts';
import { invariants, type Settles, settlements, type Watch } from '../invariants/mod.ts';
import { nodeOf } from '../invariants/watcher.ts';
import { inFull } from '../real/in-full.ts';
import { takeRefusals } from '../real/not-deterministic.ts';
import { timelineHash } from '../real/timeline-hash.ts';
import { onUnhandledRejection } from '../real/unhandled-rejections.ts';
// biome-ignore lint/plugin: to tell people how long a run took; no part of its timeline
import { wallClockMs } from '../real/wall-clock.ts';
import type { Scenario, ScenarioEvent } from '../scenario/mod.ts';
import { GOES_ON, TimeStandsStill } from '../standstill.ts';
import type { EventListener, VirtualTime } from '../virtual-time.ts';
import { happen } from '../world/faults.ts';
import { World } from '../world/world.ts';
import { establish, establishVm } from './initial-state.ts';
import { observedServers } from './observed-servers.ts';
import { Observers } from './observers.ts';
import { recordEvent } from './record-event.ts';
import { Recorder } from './recorder.ts';
import type { ScenarioResult } from './result.ts';
import { placementOf, unmetExpectations } from './verdict.ts';
import { wallClockJumps } from './wall-clock-jumps.ts';

/** What is played: the production build, or a broken one in a test that proves an invariant can fail. */
export interface Build {
  readonly servers: (time: VirtualTime) => { readonly transport: Transport; readonly database: Database };
  /** `wallClockMs`: the wall clock of the host, which no production code may read. */
  readonly createAgent: (options: NodeProcessOptions, wallClockMs: () => number) => NodeProcessControl;
}

/** Hears how far a run has come. */
export interface PlayListener extends EventListener {
  /** A world begins. */
  playBegins(): void;
}

export interface PlayOptions {
  readonly build: Build;
  readonly seed?: number;
  /** The simulator's own faults, beside the events of the scenario. */
  readonly faults?: readonly WorldFault[];
  /** From this second on nothing ails: whatever should run must run at the end. The run ends once it does for a while. */
  readonly healedAt?: number;
  /** Only what happens before that instant; what must hold at the end is not asked then. */
  readonly endsBeforeMs?: number;
  readonly progress?: PlayListener | undefined;
  /** Called once at the end with the world as it then is. */
  readonly atEnd?: (world: World) => Promise<void>;
}

/** From the healing until HA may be found to have done everything, and how long that must stay so, seconds. */
const EARLIEST_END_SECONDS = 60;
const STABLE_SECONDS = 60;
const LOOK_SECONDS = 10;
/** The invariant that a run breaks which asks for what differs from run to run, also when it goes on without. */
const REPEATABLE = 'nothing simulated asks for what differs from run to run';
/** Instants are whole multiples of it. */
const MICROSECOND_MS = 0.001;

/** Plays one scenario to its end. The result, except `wallSeconds`, is a function of the scenario and the seed. */
export async function play(scenario: Scenario, options: PlayOptions): Promise<ScenarioResult> {
  const seed = options.seed ?? scenario.settings.seed;
  const began = wallClockMs();
  options.progress?.playBegins();
  const recorder = new Recorder(() => world.time.now);
  const observers = new Observers(recorder);
  const world: World = new World({
    scenario,
    seed: String(seed),
    settings: clusterSettings.parse(scenario.settings),
    observer: observers,
    progress: options.progress,
    createAgent: options.build.createAgent,
    servers: (time) => observedServers(options.build.servers(time), observers),
  });
  const watch: Watch = {
    scenario,
    world: () => world,
    nowSeconds: () => world.time.now / 1000,
    violate: (invariant, why) => recorder.violate(invariant, why),
  };
  const { healedAt } = options;
  const settling = healedAt === undefined ? [] : settlements(watch);
  observers.watch([...invariants(watch), ...settling]);
  const unhandled = (error: unknown) => recorder.violate('nothing is thrown where nobody catches', inFull(error));
  const listenNoMore = onUnhandledRejection(unhandled);
  try {
    await establish(world, scenario);
    for (const event of [...scenario.events, ...wallClockJumps(scenario, String(seed))]) {
      world.time.after(event.at * 1000, () => perform(world, recorder, observers, event));
    }
    for (const fault of options.faults ?? []) {
      world.time.after(fault.at * 1000, () => {
        recorder.fact(`fault: ${fault.do}`, nodeOf(fault), undefined, JSON.stringify(fault));
        observers.happens(fault);
        strike(world, fault);
      });
    }
    const { endsBeforeMs = Number.POSITIVE_INFINITY } = options;
    const lastMs = Math.min(scenario.until * 1000, endsBeforeMs - MICROSECOND_MS);
    await runToEnd(world, observers, settling, lastMs, healedAt);
    if (options.endsBeforeMs === undefined) await observers.atEnd();
  } catch (error) {
    if (!(error instanceof TimeStandsStill)) throw error;
    recorder.violate(GOES_ON, error.message); // nothing that should hold at the end can be asked
  } finally {
    for (const { message, stack } of takeRefusals()) recorder.violate(REPEATABLE, stack ?? message);
    listenNoMore();
  }
  await options.atEnd?.(world);
  const placement = await placementOf(world);
  const unmet = unmetExpectations(scenario, placement);
  const { timeline, recoveries, violations, decisions } = recorder;
  return {
    name: scenario.name,
    seed,
    ok: unmet.length === 0 && violations.length === 0,
    placement,
    unmet,
    timeline,
    recoveries,
    violations,
    decisions,
    simulatedSeconds: Math.round(world.time.now) / 1000,
    wallSeconds: (wallClockMs() - began) / 1000,
    hash: timelineHash(timeline),
  };
}

/** To the scenario's end, or until after the healing everything has been as it should for a while. */
async function runToEnd(
  world: World,
  observers: Observers,
  settling: readonly Settles[],
  untilMs: number,
  healedAt: number | undefined,
): Promise<void> {
  const run = (toMs: number) => world.time.run(toMs, () => observers.afterEvent());
  let stable = 0;
  if (healedAt !== undefined) {
    for (let now = healedAt + EARLIEST_END_SECONDS; now * 1000 < untilMs; now += LOOK_SECONDS) {
      await run(now * 1000);
      // Each is asked: some keep count of since when it has been so.
      const satisfied = settling.map((each) => each.satisfied());
      stable = satisfied.every((holds) => holds) ? stable + LOOK_SECONDS : 0;
      if (stable > STABLE_SECONDS) return;
    }
  }
  await run(untilMs);
}

function perform(world: World, recorder: Recorder, observers: Observers, event: ScenarioEvent): void {
  recordEvent(recorder, event);
  observers.happens(event);
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
