export {
  type CommandResult,
  type JobEvent,
  type JobInput,
  jobEventSchema,
  type MoveLeaseResult,
  STAYED,
} from './events.ts';
export { jobMachine } from './ha-job.ts';
