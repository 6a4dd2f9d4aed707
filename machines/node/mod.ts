export type { FenceAnswer, FenceInput, NodeContext } from './context.ts';
export { type NodeEvent, nodeEventSchema } from './events.ts';
export { nodeMachine } from './node.ts';
