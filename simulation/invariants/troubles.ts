import { type NodeId, nodeId } from '#machines';
import type { WorldFault } from '../faults/world-fault.ts';
import type { ScenarioEvent } from '../scenario/mod.ts';
import { nodeOf, vmOfEvent, type Watch } from './watcher.ts';

/** What takes nothing from a host but its management or VM network, its services or its wall clock. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['management-link-down', 'management-link-up', 'vm-network-link-down', 'vm-network-link-up', 'clock-jump'],
  ...['database-down', 'database-up', 'messaging-down', 'messaging-up', 'partition', 'heal', 'arm', 'disarm'],
  ...['link-bad', 'one-way-cut', 'member-down', 'leader-lost', 'fence-slow'],
]);
function isHarmless(event: ScenarioEvent | WorldFault): boolean {
  return HARMLESS.has(event.do) && !(event.do === 'link-bad' && event.network === 'storage');
}

/** Last until the end of the run, or until the event that undoes them. */
const LASTING: ReadonlySet<string> = new Set([
  ...['power-off', 'storage-link-down', 'storage-interface-down', 'agent-kill', 'shutdown', 'filesystem-read-only'],
  ...['storage-service-fail', 'maintenance-on', 'storage-target-down', 'agent-crashes', 'clock-rate'],
]);
/** For so long after a trouble of its own ended a host may still be dealt with. */
const AFTERMATH_SECONDS = 400;

/** Which hosts have, or had lately, a trouble beside a lost management network: those may lose their VMs. */
export class Troubles {
  readonly #watch: Watch;
  readonly #until = new Map<NodeId, number>();

  constructor(watch: Watch) {
    this.#watch = watch;
    for (const { name, power } of watch.scenario.nodes) {
      if (power === 'off') this.#until.set(name as NodeId, Number.POSITIVE_INFINITY); // a scenario's names are node ids
    }
  }

  note(event: ScenarioEvent | WorldFault): void {
    if (vmOfEvent(event) !== undefined || isHarmless(event)) return;
    // A plug takes whom it takes, when it does; one that does nothing is nobody's trouble.
    if (event.do === 'fence-lies' && event.plugOf === undefined && event.actsAfterSeconds === undefined) return;
    const node = event.do === 'fence-lies' ? nodeId(event.plugOf ?? event.node) : nodeOf(event);
    const late = event.do === 'fence-lies' ? (event.actsAfterSeconds ?? 0) : 0;
    const lasts = ('seconds' in event ? event.seconds : 0) + late;
    const until = LASTING.has(event.do)
      ? Number.POSITIVE_INFINITY
      : this.#watch.nowSeconds() + lasts + AFTERMATH_SECONDS;
    for (const name of node === undefined ? this.#watch.world().hosts.keys() : [node]) {
      this.#until.set(name, LASTING.has(event.do) ? until : Math.max(until, this.#finite(name)));
    }
  }

  has(node: NodeId): boolean {
    return (this.#until.get(node) ?? 0) > this.#watch.nowSeconds();
  }

  #finite(node: NodeId): number {
    const known = this.#until.get(node) ?? 0;
    return Number.isFinite(known) ? known : 0;
  }
}
