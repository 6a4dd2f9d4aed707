export { type JobEvent, type JobInput, jobEventSchema, type MoveLeaseResult, type StartResult } from './events.ts';
export { jobMachine } from './ha-job.ts';
