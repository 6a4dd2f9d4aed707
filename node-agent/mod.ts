export { agentSubject } from './agent-server.ts';
export { type AgentCommand, agentReplySchema } from './commands.ts';
export { NodeProcess } from './node-process.ts';
export type { NodeLogEntry, NodeProcessControl, NodeProcessOptions } from './node-process-options.ts';
