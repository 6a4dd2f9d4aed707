export { SimulatedGuests } from './simulated-guests.ts';
