export type { Bus, Unsubscribe } from './bus.ts';
export { type Clock, sleep, type Timer } from './clock.ts';
export {
  MailboxFull,
  RequestFailed,
  RequestTimeout,
  RetryableError,
  StaleCommit,
  TerminalError,
  TransportUnavailable,
} from './errors.ts';
export { partitionOf } from './partition.ts';
export type {
  Address,
  Delivery,
  JournalEntry,
  MailboxMessage,
  PartitionConsumer,
  StepCommit,
  Transport,
} from './transport.ts';
