/** What can run SQL: a database, or a transaction in it. */
export interface Queryable {
  query(
    text: string,
    params?: readonly unknown[],
  ): Promise<{ rows: readonly Record<string, unknown>[]; affectedRows?: number }>
}

/** The one database of the demo. */
export interface Database extends Queryable {
  /** Commits when the work is done, rolls back when it throws. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  close(): Promise<void>
}
