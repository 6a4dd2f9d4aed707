export {
  type EffectIntent,
  effect,
  reply,
  type SpawnIntent,
  spawnChild,
  stopChild,
  type TellIntent,
  tell,
} from './actions.ts';
export { ActorSystem, type ActorSystemOptions, type AskOptions, createActorSystem } from './actor-system.ts';
export { address, isAddress, kindOf, stableHash } from './address.ts';
export type { Alert } from './alert.ts';
export type { Bus, Unsubscribe } from './bus.ts';
export { type Clock, sleep, type Timer } from './clock.ts';
export { laneOf } from './control.ts';
export type { CyclePoint } from './cycle-point.ts';
export { type Envelope, type StepRecord, type StoredSnapshot, stepRecord } from './envelope.ts';
export * from './errors.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export type { MembershipOptions } from './membership.ts';
export { MemoryServer, type MemoryServerOptions } from './memory-server.ts';
export { MemoryTransport } from './memory-transport.ts';
export type { OwnershipOptions } from './ownership.ts';
export { parseOnce, shared } from './parse-once.ts';
export { partitionOf } from './partition.ts';
export { promiseActor } from './promise-actor.ts';
export type { EffectHandler, EffectScope, KindOptions, OnError } from './registration.ts';
// biome-ignore lint/plugin: for those who run actors on a real host; nothing simulated may name it
export { systemClock } from './system-clock.ts';
export type {
  Address,
  DeadLetter,
  Delivery,
  JournalEntry,
  MailboxMessage,
  PartitionConsumer,
  ScheduledMessage,
  StepCommit,
  Transport,
} from './transport.ts';
