/** Tells how long a run took. Bound when it is loaded: during a run the real clock throws. Nothing simulated may ask it. */
export const wallClockMs: () => number = performance.now.bind(performance);
