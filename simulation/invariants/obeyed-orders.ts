import { everyDecision } from './decisions.ts';
import { StandingOrders } from './standing-orders.ts';
import { recordOf, type Watch, type Watcher } from './watcher.ts';

/**
 * F6: while HA is disarmed only users are served: nobody else is given a place, and nothing is moved that no user moves. A
 * placement that had begun to read before the order stood in the database may go on.
 */
export function disarmedPlacesNobody({ violate }: Watch): Watcher {
  const orders = new StandingOrders();
  /** A user's moves that are decided just now; their companions go with them. */
  let isMoveWished = false;
  const decisions = everyDecision(({ asked, fresh }) => {
    if (!orders.isDisarmedForPlacement) return;
    for (const { vm, node } of fresh) {
      const cause = asked.find((request) => request.vm === vm)?.cause;
      if (cause === 'user' || (cause === undefined && isMoveWished)) continue;
      violate('F6: disarmed, HA does nothing', `${vm} was given ${node} (${cause ?? 'a move'})`);
    }
  });
  return {
    documentChanged: (collection, id, _before, after) => orders.documentChanged(collection, id, after),
    committed: (entry) => {
      decisions.committed?.(entry);
      orders.committed(entry);
      if (entry.address !== 'cluster/main') return;
      const { granting } = recordOf(entry).snapshot.context;
      isMoveWished = Array.isArray(granting) && granting.length > 0;
    },
  };
}

/**
 * F6: a node in maintenance is given no VM, neither to start nor to move there, not even by a user. Only one whose copy is
 * there already goes on there. A placement that had begun to read before the order stood in the database may go on.
 */
export function maintainedTakesNobody({ violate }: Watch): Watcher {
  const orders = new StandingOrders();
  const decisions = everyDecision(({ asked, fresh }) => {
    for (const { vm, node } of fresh) {
      if (!orders.isMaintainedForPlacement(node)) continue;
      if (asked.some((request) => request.vm === vm && request.only !== null)) continue;
      violate('F6: a node in maintenance takes nobody', `${vm} was given ${node}`);
    }
  });
  return {
    documentChanged: (collection, id, _before, after) => orders.documentChanged(collection, id, after),
    committed: (entry) => {
      decisions.committed?.(entry);
      orders.committed(entry);
    },
  };
}
