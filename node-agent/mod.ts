export { NodeProcess } from './node-process.ts';
export type { NodeLogEntry, NodeProcessControl, NodeProcessOptions } from './node-process-options.ts';
