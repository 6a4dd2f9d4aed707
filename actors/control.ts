/**
 * Events that end or release an actor. They overtake what waits in its mailbox (a parked actor takes nothing else), so they
 * are numbered on a lane of their own.
 */
export function isControl(event: { readonly type: string }): boolean {
  return event.type === 'actor.stop' || event.type === 'actor.release';
}

/** Key of the numbering between this actor and a peer. */
export function laneOf(peer: string, event: { readonly type: string }): string {
  return isControl(event) ? `${peer}!` : peer;
}
