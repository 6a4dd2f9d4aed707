import type { CollectionName } from '#ports';

/** The stream that holds the embedded database: the last message of a subject is the state of one document. */
export const DATABASE_STREAM = 'UNDERSTUDY_DATABASE';
export const DATABASE_SUBJECTS = 'understudy.db.>';
/** Shared by all connections, so that it leaves one message behind and not one for every connection there ever was. */
export const BARRIER_SUBJECT = 'understudy.db.barrier';
export const BEAT_PREFIX = 'understudy.db.beat.';

/** Ids may hold anything: dots, blanks and wildcards have a meaning in subjects, so they are encoded. */
export function documentSubject(collection: CollectionName, id: string): string {
  return `${documentPrefix(collection)}${encode(id)}`;
}

/** What the subjects of all documents of a collection begin with. */
export function documentPrefix(collection: CollectionName): string {
  return `understudy.db.doc.${collection}.`;
}

export function beatSubject(node: string): string {
  return `${BEAT_PREFIX}${encode(node)}`;
}

/** The id in the last token of a subject. */
export function idOf(subject: string): string {
  return Buffer.from(subject.slice(subject.lastIndexOf('.') + 2), 'base64url').toString('utf8');
}

/** The leading underscore keeps the token of an empty id from being empty. */
function encode(id: string): string {
  return `_${Buffer.from(id, 'utf8').toString('base64url')}`;
}
