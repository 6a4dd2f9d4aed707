export type { VmContext } from './context.ts';
export { type VmEvent, vmEventSchema } from './events.ts';
export { vmMachine } from './vm.ts';
