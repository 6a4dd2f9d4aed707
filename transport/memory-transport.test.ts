import { MemoryServer, MemoryTransport, partitionOf, systemClock } from '#actors';
import { CONTRACT_MAILBOX, transportContract } from './transport-contract.ts';

for (const atomicOutgoing of [true, false]) {
  const options = {
    clock: systemClock,
    partitions: 8,
    atomicOutgoing,
    schedules: true,
    mailboxDepth: CONTRACT_MAILBOX,
  };
  const server = new MemoryServer(options);
  transportContract(
    `memory, ${atomicOutgoing ? 'atomic' : 'separate'} writes`,
    async () => new MemoryTransport(server),
    partitionOf,
  );
}
