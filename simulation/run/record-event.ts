import { nodeId, vmId } from '#machines';
import type { ScenarioEvent } from '../scenario/mod.ts';
import type { Harm, Recorder } from './recorder.ts';

/** What costs a host its VMs, and in which way: only what mends just that undoes it. */
const HURTS: Partial<Readonly<Record<ScenarioEvent['do'], Harm>>> = {
  'power-off': 'power',
  reboot: 'power',
  shutdown: 'power',
  pause: 'power',
  'filesystem-read-only': 'power',
  'storage-link-down': 'storage',
  'storage-interface-down': 'storage',
  'agent-kill': 'agent',
};
const HEALS: Partial<Readonly<Record<ScenarioEvent['do'], Harm>>> = {
  'power-on': 'power',
  'storage-link-up': 'storage',
  'storage-interface-up': 'storage',
  'agent-restart': 'agent',
};

/** Notes that an event of the scenario happens now, and what it may be the cause of. */
export function recordEvent(recorder: Recorder, event: ScenarioEvent): void {
  const { do: what } = event;
  const vm = 'vm' in event ? vmId(event.vm) : undefined;
  const node = 'node' in event && event.node !== undefined ? nodeId(event.node) : undefined;
  recorder.fact(`scenario: ${what}`, node, vm, JSON.stringify(event));
  const [hurt, healed] = [HURTS[what], HEALS[what]];
  if (node !== undefined && hurt !== undefined) recorder.hurt(node, hurt);
  if (node !== undefined && healed !== undefined) recorder.healed(node, healed);
  if (vm !== undefined && (what === 'stop' || what === 'start' || what === 'migrate' || what === 'remove')) {
    recorder.intended(vm);
  }
}
