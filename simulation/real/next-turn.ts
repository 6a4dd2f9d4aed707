const soon = setImmediate;

/** Calls `turn` once Node.js has run everything that is ready. Bound when it is loaded: in a run `setImmediate` throws. */
export function nextTurn(turn: () => void): void {
  soon(turn);
}
