import { recordOf, type Watch, type Watcher } from './watcher.ts';

/** Whoever was asked to fence before HA was disarmed may still do it: devices are asked one after the other, hosts stall. */
const UNDER_WAY_SECONDS = 300;

/**
 * F6: while HA is disarmed no fence is asked. Whoever was to fence a node before may be at it still, so only nodes about
 * which nobody was at it in the minutes before the order count.
 */
export function disarmedFencesNobody({ nowSeconds, violate }: Watch): Watcher {
  /** When somebody was last to fence that node while HA was armed; infinite: is at it. */
  const lastAsked = new Map<string, number>();
  const fencing = new Set<string>();
  let disarmedSince: number | undefined;
  return {
    documentChanged: (collection, _id, _before, after) => {
      if (collection !== 'settings') return;
      const isDisarmed = after?.armed === false;
      if (isDisarmed && disarmedSince === undefined) for (const node of fencing) lastAsked.set(node, nowSeconds());
      disarmedSince = isDisarmed ? (disarmedSince ?? nowSeconds()) : undefined;
    },
    committed: (entry) => {
      if (!entry.address.startsWith('node/')) return;
      const node = entry.address.slice('node/'.length);
      if (JSON.stringify(recordOf(entry).snapshot.value).includes('"fencing"')) fencing.add(node);
      else if (fencing.delete(node) && disarmedSince === undefined) lastAsked.set(node, nowSeconds());
    },
    log: ({ what, about }) => {
      if (what !== 'fence' || about === undefined || disarmedSince === undefined) return;
      if ((lastAsked.get(about) ?? Number.NEGATIVE_INFINITY) > disarmedSince - UNDER_WAY_SECONDS) return;
      violate(
        'F6: disarmed, HA does nothing',
        `a fence was asked to end ${about}, ${(nowSeconds() - disarmedSince).toFixed(1)} s after HA was disarmed`,
      );
    },
  };
}
