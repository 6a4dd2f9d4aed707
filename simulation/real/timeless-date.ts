import { refuse } from './not-deterministic.ts';

/** What a date tells or takes in the time zone of the machine. */
const LOCAL = /^[gs]et(?!UTC|Time$)|^to(Date|Time)?String$/;

/** A `Date` that knows no present and no place: it is made of one number and tells UTC. */
export function timeless(real: DateConstructor): DateConstructor {
  const refuseCall = () => refuse('Date was asked for the present or for local time in a simulated run');
  return new Proxy(real, {
    apply: refuseCall,
    construct: (target, given: readonly unknown[]) =>
      given.length === 1 && typeof given[0] === 'number' ? Reflect.construct(target, given) : refuseCall(),
  });
}

/** The methods that depend on the time zone of the machine. */
export const LOCAL_DATE_METHODS = Object.getOwnPropertyNames(Date.prototype).filter((name) => LOCAL.test(name));
