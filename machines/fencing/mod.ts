export { whyNotFence } from './why-not-fence.ts';
