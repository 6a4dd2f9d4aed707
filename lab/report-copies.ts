import type { Judgement, NodeId } from '#machines';
import type { Hypervisor, VmCopy } from '#ports';
import type { LabLink } from './lab-link.ts';

const EVERY_MS = 1000;

/** Keeps the lab's table current: copies at each change, everything each second. */
export function reportCopies(
  link: LabLink,
  node: NodeId,
  hypervisor: Hypervisor,
  judgements: () => ReadonlyMap<NodeId, Judgement>,
): void {
  let copies = new Map<string, VmCopy>();
  const say = (): void => {
    const verdicts = Object.fromEntries([...judgements()].map(([name, { verdict }]) => [name, verdict]));
    link.report({
      node,
      copies: [...copies.values()].map(({ vm, epoch, state, reason }) => ({ vm, epoch, state, reason })),
      verdicts,
    });
  };
  hypervisor.subscribe((copy) => {
    copies.set(copy.vm, copy);
    say();
  });
  const look = async (): Promise<void> => {
    try {
      copies = new Map((await hypervisor.list()).map((copy) => [copy.vm, copy]));
    } catch {
      // the guardian tells; here the last known state stays
    }
    say();
    setTimeout(() => void look(), EVERY_MS);
  };
  void look();
}
