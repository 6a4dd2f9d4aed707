/** Tells what is thrown where nobody catches it, until what this returns is called. */
export function onUnhandledRejection(tell: (error: unknown) => void): () => void {
  process.on('unhandledRejection', tell);
  return () => void process.off('unhandledRejection', tell);
}
