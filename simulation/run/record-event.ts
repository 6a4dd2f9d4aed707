import { nodeId, vmId } from '#machines';
import type { ScenarioEvent } from '../scenario/mod.ts';
import type { Recorder } from './recorder.ts';

const HURTS: ReadonlySet<ScenarioEvent['do']> = new Set<ScenarioEvent['do']>([
  'power-off',
  'reboot',
  'shutdown',
  'pause',
  'storage-link-down',
  'storage-interface-down',
  'agent-kill',
  'filesystem-read-only',
]);
const HEALS: ReadonlySet<ScenarioEvent['do']> = new Set<ScenarioEvent['do']>([
  'power-on',
  'storage-link-up',
  'storage-interface-up',
  'agent-restart',
]);

/** Notes that an event of the scenario happens now, and what it may be the cause of. */
export function recordEvent(recorder: Recorder, event: ScenarioEvent): void {
  const { do: what } = event;
  const vm = 'vm' in event ? vmId(event.vm) : undefined;
  const node = 'node' in event && event.node !== undefined ? nodeId(event.node) : undefined;
  recorder.fact(`scenario: ${what}`, node, vm, JSON.stringify(event));
  if (node !== undefined && HURTS.has(what)) recorder.hurt(node);
  if (node !== undefined && HEALS.has(what)) recorder.healed(node);
  if (vm !== undefined && (what === 'stop' || what === 'start' || what === 'migrate' || what === 'remove')) {
    recorder.intended(vm);
  }
}
