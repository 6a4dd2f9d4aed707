import type { Bus } from '#actors';
import type { NodeId } from '#machines';
import { agentSubject } from './agent-server.ts';
import { type AgentCommand, type AgentReply, agentReplySchema } from './commands.ts';

/** Asks the agent of that node. Throws what the bus throws when nobody answers in time, and `ZodError`. */
export async function askAgent(
  bus: Pick<Bus, 'request'>,
  node: NodeId,
  command: AgentCommand,
  timeoutMs: number,
): Promise<AgentReply> {
  return agentReplySchema.parse(await bus.request(agentSubject(node), command, timeoutMs));
}
