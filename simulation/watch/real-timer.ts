/** Real timers, for those who watch a run from outside. Nothing simulated may import this. */

/** Calls `look` again and again; returns what ends that. */
export function every(intervalMs: number, look: () => void): () => void {
  const timer = setInterval(look, intervalMs);
  return () => clearInterval(timer);
}

/** What `work` comes to, or undefined when that takes longer. */
export async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
