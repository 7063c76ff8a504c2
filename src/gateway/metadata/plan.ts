/** What an operation can touch when a role runs it: derived from Hasura's metadata, memoised per operation and role. */
export interface Plan {
  /**
   * The session variables the answer can depend on, in lower case and sorted, without x-hasura-role
   * (the role is always part of the key); `all` when metadata is missing, unknown or says "maybe".
   */
  readonly sessionVariables: readonly string[] | 'all'
  /** The tables the answer is read from: an entry is dead once the epoch of any of them has moved. */
  readonly reads: readonly Tag[]
  /** What a mutation may write: bumped before it is answered. Empty for queries. */
  readonly writes: readonly Tag[]
  /** Why the answer must not be cached; `undefined` when it may. A closed set: it becomes a label. */
  readonly uncacheable: UncacheableReason | undefined
}

/**
 * `table:<source>:<schema>.<name>`, or `any-write`, which every mutation bumps: the dependency of whatever
 * reads something the metadata does not name (views, functions, native queries).
 */
export type Tag = string

export type UncacheableReason =
  | 'not-a-query'
  | 'introspection'
  | 'action'
  | 'remote-schema'
  | 'volatile-function'
