import type { VmId } from '../ids.ts';
import type { Move } from '../placement/mod.ts';
import type { ClusterContext } from './context.ts';
import type { ClusterEvent } from './events.ts';

type MakingWay = ClusterContext['makingWay'];

/** With these moves; a VM that moves for another reason no longer makes way for anybody. */
export function withWay(known: MakingWay, moves: readonly Move[]): MakingWay {
  const moved = new Set<string>(moves.map(({ vm }) => vm));
  const others = Object.entries(known).filter(([vm]) => !moved.has(vm));
  const fresh = moves.filter(({ waiters }) => waiters.length > 0).map(({ vm, waiters }) => [vm, waiters] as const);
  return Object.fromEntries([...others, ...fresh]);
}

/**
 * One that made way has arrived, or has not. `told`: for whom room was made, once the last of those who had to go is there.
 * They go on waiting for room until they ask: else a companion that would rather be elsewhere might leave again before they do.
 */
export function wayMade(
  { makingWay, roomless }: Pick<ClusterContext, 'makingWay' | 'roomless'>,
  { vm, outcome }: ClusterEvent & { readonly type: 'settled' },
): { readonly makingWay: MakingWay; readonly told: readonly VmId[] } {
  const { [vm]: waiters, ...others } = makingWay;
  if (waiters === undefined) return { makingWay, told: [] };
  const isForThem = (list: readonly VmId[]) => list.some((waiter) => waiters.includes(waiter));
  // One that stayed parts them: that the others arrive makes no room for anybody.
  if (outcome !== 'runs') {
    return { makingWay: Object.fromEntries(Object.entries(others).filter(([, list]) => !isForThem(list))), told: [] };
  }
  const isLast = !Object.values(others).some(isForThem);
  return { makingWay: others, told: isLast ? waiters.filter((waiter) => roomless.includes(waiter)) : [] };
}
