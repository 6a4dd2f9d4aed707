/** A measured rate: how many a second, and how long one took (milliseconds). */
export interface Rate {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** From the durations of everything that finished within `elapsedMs`. */
export function rateOf(durations: readonly number[], elapsedMs: number): Rate {
  const sorted = [...durations].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { perSecond: Math.round((sorted.length * 1_000) / elapsedMs), p50: at(0.5), p99: at(0.99) };
}
