import type { Bus } from '#actors';
import type { NodeId, VmId } from '#machines';
import { type AgentCommand, type AgentReply, agentCommandSchema } from './commands.ts';
import { HungStarts } from './hung-starts.ts';
import { expectCopy, migrateCopy } from './migrate-copy.ts';
import type { PerVm } from './per-vm.ts';
import { type CopyPorts, startCopy } from './start-copy.ts';
import { stopCopy } from './stop-copy.ts';

/** Bus subject of a node's agent. */
export function agentSubject(node: NodeId): string {
  return `agent.${node}`;
}

export interface AgentServerOptions {
  readonly bus: Bus;
  readonly ports: CopyPorts;
  readonly perVm: PerVm;
  readonly onDone: (what: AgentCommand['do'], vm: VmId, epoch: number, reply: AgentReply) => void;
}

/** Answers `agent.<node>`. Whatever throws has an unknown outcome, so the same command may be sent again. */
export function serveAgent({ bus, ports, perVm, onDone }: AgentServerOptions): () => void {
  const starts = new HungStarts(ports.clock);
  return bus.answer(agentSubject(ports.node), async (payload): Promise<AgentReply> => {
    const command = agentCommandSchema.parse(payload);
    const vm = command.do === 'start' ? command.spec.vm : command.vm;
    if (command.do === 'start' && starts.has(vm)) {
      return {
        ok: false,
        code: 'HUNG',
        why: `a start of ${vm} hangs in the hypervisor of ${ports.node}`,
        definite: false,
      };
    }
    const reply = await perVm.run(vm, async (): Promise<AgentReply> => {
      const work = () => carryOut(ports, command);
      try {
        return await (command.do === 'start' ? starts.watch(vm, work) : work());
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        return { ok: false, code: 'UNKNOWN', why, definite: false };
      }
    });
    onDone(command.do, vm, command.epoch, reply);
    return reply;
  });
}

function carryOut(ports: CopyPorts, command: AgentCommand): Promise<AgentReply> {
  switch (command.do) {
    case 'start':
      return startCopy(ports, command);
    case 'stop':
      return stopCopy(ports, command);
    case 'expect':
      return expectCopy(ports, command);
    case 'migrate':
      return migrateCopy(ports, command);
  }
}
