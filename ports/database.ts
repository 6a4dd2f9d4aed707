/** A stored document. `revision` grows by one at each change. */
export interface Document {
  readonly id: string;
  readonly revision: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export type CollectionName = 'vms' | 'nodes' | 'rules' | 'settings' | 'jobs';

/**
 * The cluster database: intent and ownership. Every change is a single-document compare-and-set; reads are linearizable.
 * Throws `DatabaseUnavailable` (retryable; the outcome of a write is unknown), `RevisionConflict` (terminal: read again).
 */
export interface Database {
  /** Shown to people: `mongodb://...` without secrets, or `embedded (JetStream KV)`. */
  readonly description: string;
  get(collection: CollectionName, id: string): Promise<Document | undefined>;
  list(collection: CollectionName): Promise<readonly Document[]>;
  /** Throws `RevisionConflict` when it exists. */
  create(collection: CollectionName, id: string, body: Document['body']): Promise<Document>;
  /** Throws `RevisionConflict` when the revision moved or the document is gone. */
  replace(collection: CollectionName, id: string, expectedRevision: number, body: Document['body']): Promise<Document>;
  remove(collection: CollectionName, id: string, expectedRevision: number): Promise<void>;
  /**
   * Counts a node's counter up, which only that node does, and returns everybody's, this one among them. Need not be
   * linearizable. When it throws, it may have counted.
   */
  beat(node: string): Promise<ReadonlyMap<string, number>>;
  /** The counters, for who only looks. */
  beats(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}
