export { type Confirmation, confirmed, looked, type SlotCount } from './confirmation.ts';
export { whyNotFence } from './why-not-fence.ts';
