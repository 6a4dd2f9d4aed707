/** Where a step can be cut: the hook is called when the named part is done. */
export type CyclePoint = 'receive' | 'transition' | 'commit' | 'acknowledge' | 'send' | 'effect';
