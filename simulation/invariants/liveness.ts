import type { VmId } from '#machines';
import type { SimHost } from '../world/host.ts';
import { brokenRule } from './rules.ts';
import { Sizes } from './sizes.ts';
import { mustBeTogether } from './together.ts';
import { type Body, vmOfEvent, type Watch, type Watcher } from './watcher.ts';

type Wish = 'running' | 'stopped' | 'unknown';

/** Two wishes that follow each other faster may reach the VM's actor in either order. */
const ORDERLY_SECONDS = 300;

/** What must come true once all faults are gone. */
export interface Settles extends Watcher {
  /** True at this instant. Asked now and then from the healing on. */
  satisfied(): boolean;
}

export interface Wishes extends Settles {
  /** VMs that should run and do not, each with a node among the usable ones that has room also beside all that may be there. */
  missing(isUsable: (host: SimHost) => boolean): readonly { readonly vm: VmId; readonly taker: string }[];
}

/**
 * When all faults are gone, every protected VM runs if a node can take it, and what was stopped is stopped. What HA gave up
 * after all its attempts (B5) is left to a person.
 */
export function everyVmAsWished({ scenario, world, nowSeconds, violate }: Watch): Wishes {
  const wishes = new Map<VmId, { wish: Wish; readonly atSeconds: number }>();
  const documents = new Map<string, Body>();
  /** HA cares for them: a VM without it that goes down stays down. */
  const cared = new Set<VmId>();
  const removed = new Set<VmId>();
  const bundles = mustBeTogether(scenario);
  const sizes = new Sizes(nowSeconds);
  for (const vm of scenario.vms) {
    const wish = vm.state === 'stopped' ? 'stopped' : vm.ha ? 'running' : 'unknown';
    wishes.set(vm.id as VmId, { wish, atSeconds: -ORDERLY_SECONDS });
    if (vm.ha) cared.add(vm.id as VmId);
  }

  function wishFor(vm: VmId, wish: Wish): void {
    const before = wishes.get(vm);
    const hasty = before !== undefined && nowSeconds() - before.atSeconds < ORDERLY_SECONDS;
    wishes.set(vm, { wish: hasty && before.wish !== wish ? 'unknown' : wish, atSeconds: nowSeconds() });
  }

  function wrong(): string[] {
    return [...wishes].flatMap(([vm, { wish }]) => {
      const holder = world().holder(vm);
      if (wish === 'running' && holder === undefined) {
        const room = isGivenUp(vm) ? undefined : (takerOf(vm) ?? takerOfAll(vm));
        return room === undefined ? [] : [`${vm} does not run, though ${room} could take it (${stateOf(vm)})`];
      }
      return wish === 'stopped' && holder !== undefined ? [`${vm} runs on ${holder.name}, though it was stopped`] : [];
    });
  }

  function isGivenUp(vm: VmId): boolean {
    return String(documents.get(vm)?.actual ?? '').startsWith('failed');
  }

  function stateOf(vm: VmId): string {
    const suspended = world().holder(vm, 'suspended');
    if (suspended !== undefined) return `suspended on ${suspended.name}`;
    return JSON.stringify({ recorded: documents.get(vm)?.recorded, lease: documents.get(vm)?.lease });
  }

  /** Where companions run that it must be with, in use. */
  function companionsAt(vm: VmId): readonly string[] {
    const nodes = [...(bundles.get(vm) ?? [])]
      .filter((peer) => peer !== vm)
      .flatMap((peer) => world().holder(peer as VmId)?.name ?? []); // names were checked
    return nodes.filter((node) => documents.get(`node ${node}`)?.maintenance !== true);
  }

  function isLeasedTo(vm: VmId, node: string): boolean {
    const lease = documents.get(vm)?.lease;
    return typeof lease === 'object' && lease !== null && Reflect.get(lease, 'node') === node;
  }

  /** Who is leased to that host, or was and may be there still, though it does not run there. */
  function mayBeAt(node: string): VmId[] {
    return [...wishes.keys()].filter((vm) => {
      const { mayRunOn } = documents.get(vm) ?? {};
      return isLeasedTo(vm, node) || (Array.isArray(mayRunOn) && mayRunOn.includes(node));
    });
  }

  function missing(isUsable: (host: SimHost) => boolean): { vm: VmId; taker: string }[] {
    return [...wishes].flatMap(([vm, { wish }]) => {
      // Bundles may have to wait for each other.
      if (wish !== 'running' || bundles.has(vm) || isGivenUp(vm) || world().holder(vm) !== undefined) return [];
      const taker = takerOf(vm, isUsable, true);
      return taker === undefined ? [] : [{ vm, taker }];
    });
  }

  function takerOf(
    vm: VmId,
    isUsable: (host: SimHost) => boolean = () => true,
    isCautious = false,
  ): string | undefined {
    const companions = companionsAt(vm);
    // Back where it was it parts nobody who is not apart already; one that was stopped was not apart.
    const ranOn = (node: string) => isLeasedTo(vm, node) && documents.get(vm)?.recorded === 'running';
    return scenario.nodes.find(
      (node) =>
        isUsable(world().host(node.name)) &&
        (companions.every((name) => name === node.name) || ranOn(node.name)) &&
        takes(node, [vm], isCautious),
    )?.name;
  }

  /** Where its whole bundle would find room: those of it that run make way (F1). */
  function takerOfAll(vm: VmId): string | undefined {
    const bundle = [...(bundles.get(vm) ?? [])].map((id) => id as VmId); // names were checked
    const runs = (member: VmId) => world().holder(member) !== undefined;
    const members = bundle.filter((member) => runs(member) || wishes.get(member)?.wish === 'running');
    // One that is down for a reason of its own is waited for.
    const isClear = bundle.every((member) => {
      const isDown = documents.get(member)?.recorded === 'running' && !runs(member);
      return !isDown || (members.includes(member) && !isGivenUp(member));
    });
    return isClear ? scenario.nodes.find((node) => takes(node, members, true))?.name : undefined;
  }

  /** That node is in use, and has room for all of these without breaking a rule. `isCautious`: beside all that may be there. */
  function takes(node: Watch['scenario']['nodes'][number], vms: readonly VmId[], isCautious: boolean): boolean {
    const host = world().host(node.name);
    if (!host.alive || !host.booted || documents.get(`node ${node.name}`)?.maintenance === true) return false;
    const running = [...host.copies.values()].filter(({ state }) => state === 'running').map((copy) => copy.vm);
    const there = new Set([...running, ...(isCautious ? mayBeAt(node.name) : [])]);
    const others = [...there].filter((other) => !vms.includes(other));
    const used = [...others, ...vms].map((other) => sizes.of(other));
    const cpus = used.reduce((sum, size) => sum + size.cpus, 0);
    const memoryMiB = used.reduce((sum, size) => sum + size.memoryMiB, 0);
    if (vms.length === 0 || cpus > node.cpus || memoryMiB > node.memoryMiB) return false;
    const bound = others.flatMap((other) => [other, ...(bundles.get(other) ?? [])]);
    return vms
      .flatMap((vm) => [vm, ...(bundles.get(vm) ?? [])])
      .every((each) => {
        const rest = bound.filter((other) => bundles.get(each)?.has(other) !== true && other !== each);
        return brokenRule(scenario, each, node.name, rest) === undefined;
      });
  }

  return {
    happens: (event) => {
      const vm = vmOfEvent(event);
      if (vm === undefined || (removed.has(vm) && event.do !== 'add')) return;
      if (event.do === 'start') wishFor(vm, cared.has(vm) ? 'running' : 'unknown');
      else if (event.do === 'stop') wishFor(vm, 'stopped');
      else if (event.do === 'remove') {
        removed.add(vm);
        wishes.delete(vm);
      } else if (event.do === 'add') {
        removed.delete(vm);
        if (event.ha !== false) cared.add(vm);
        wishFor(vm, event.state === 'stopped' ? 'stopped' : event.ha === false ? 'unknown' : 'running');
      } else if (event.do === 'guest-shutdown') wishFor(vm, 'unknown');
      else if (event.do === 'set' && event.ha !== undefined) {
        if (event.ha) cared.add(vm);
        else cared.delete(vm);
        // What is stopped stays so; whatever else is protected only now may be down already.
        if (wishes.get(vm)?.wish !== 'stopped') wishFor(vm, 'unknown');
      }
    },
    documentChanged: (collection, id, _before, after) => {
      const key = collection === 'vms' ? id : collection === 'nodes' ? `node ${id}` : undefined;
      if (key === undefined) return;
      if (collection === 'vms') sizes.note(id, after);
      if (after === undefined) documents.delete(key);
      else documents.set(key, after);
    },
    missing,
    satisfied: () => wrong().length === 0,
    atEnd: () => {
      for (const why of wrong()) violate('liveness: every protected VM runs once all faults are gone', why);
    },
  };
}
