import { vmId } from '#machines';
import type { Scenario } from '../scenario/mod.ts';
import type { World } from '../world/world.ts';
import type { PlacementState, ScenarioResult } from './result.ts';

/** Where every VM is at this instant, as the world sees it, not as the product believes. */
export async function placementOf(world: World): Promise<ScenarioResult['placement']> {
  const placement: Record<string, { state: PlacementState; node: string | null }> = {};
  for (const { id, body } of await world.database.list('vms')) {
    const vm = vmId(id);
    const running = world.holder(vm, 'running');
    const suspended = world.holder(vm, 'suspended');
    if (running !== undefined) placement[id] = { state: 'running', node: running.name };
    else if (suspended !== undefined) placement[id] = { state: 'suspended', node: suspended.name };
    else placement[id] = { state: notThere(body), node: null };
  }
  return placement;
}

/** What a VM without a copy is, by its document. `failed`: given up. `waiting`: should run and is being brought back. */
export function notThere(body: Readonly<Record<string, unknown>>): PlacementState {
  if (body.recorded === 'stopped') return 'stopped';
  return String(body.actual ?? '').startsWith('failed') ? 'failed' : 'waiting';
}

/** The expectations that do not hold, in words. */
export function unmetExpectations(scenario: Scenario, placement: ScenarioResult['placement']): string[] {
  const unmet: string[] = [];
  for (const [vm, wanted] of Object.entries(scenario.expect)) {
    const found = placement[vm] ?? { state: 'removed', node: null };
    const stateFits = wanted.state === undefined || wanted.state === found.state;
    const nodeFits = wanted.on === undefined || (found.node !== null && wanted.on.includes(found.node));
    if (stateFits && nodeFits) continue;
    const on = wanted.on === undefined ? '' : ` on ${wanted.on.join(' or ')}`;
    unmet.push(
      `${vm}: expected ${wanted.state ?? 'any state'}${on}, is ${found.state}${found.node === null ? '' : ` on ${found.node}`}`,
    );
  }
  return unmet;
}
