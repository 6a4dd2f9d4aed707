/** A connection string as people may see it: without user, password and options (any of them may hold a secret). */
export function redactConnection(connection: string): string {
  const match = /^([a-z+]+:\/\/)(?:[^/?]*@)?([^/?@]*)(\/[^?]*)?/i.exec(connection);
  return match === null ? 'a connection string that cannot be read' : `${match[1]}${match[2]}${match[3] ?? ''}`;
}
