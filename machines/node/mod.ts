export { type NodeEvent, nodeEventSchema } from './events.ts';
export { type FenceAnswer, type NodeContext, nodeMachine } from './node.ts';
