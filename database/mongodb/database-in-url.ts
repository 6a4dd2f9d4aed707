import { DatabaseRefused } from '../errors.ts';

const PARTS = /^(mongodb(?:\+srv)?:\/\/)(?:([^/?]*)@)?([^/?@]+)(?:\/([^?]*))?(?:\?(.*))?$/i;

/**
 * The same server and user, but the database `name`. The user stays known where it was: an `authSource` that came from the
 * database in the address is written out. Throws `DatabaseRefused` when it is not an address of MongoDB.
 */
export function withDatabase(connection: string, name: string): string {
  const [, scheme, user, hosts, database, options] = PARTS.exec(connection) ?? [];
  if (scheme === undefined || hosts === undefined) {
    throw new DatabaseRefused('MONGODB_URL is not an address of MongoDB: it begins with mongodb:// or mongodb+srv://');
  }
  const all = options === undefined || options === '' ? [] : options.split('&');
  const given = all.some((option) => /^(authSource|authMechanism)=/i.test(option));
  if (user !== undefined && !given) all.push(`authSource=${database || 'admin'}`);
  return `${scheme}${user === undefined ? '' : `${user}@`}${hosts}/${name}${all.length === 0 ? '' : `?${all.join('&')}`}`;
}
