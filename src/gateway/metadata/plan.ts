/** What an operation can touch when a role runs it: derived from Hasura's metadata, memoised per operation and role. */
export interface Plan {
  /**
   * The session variables the answer can depend on, in lower case and sorted, without x-hasura-role
   * (the role is always part of the key); `all` when metadata is missing, unknown or says "maybe".
   */
  readonly sessionVariables: readonly string[] | 'all'
  /** The client's headers that can shape the answer; `undefined` when Hasura passes none on. */
  readonly forwardedHeaders: ForwardedHeaders | undefined
  /** The tables the answer is read from: an entry is dead once the epoch of any of them has moved. */
  readonly reads: readonly Tag[]
  /** What a mutation may write: bumped before it is answered. Empty for queries. */
  readonly writes: readonly Tag[]
  /** Why the answer must not be cached; `undefined` when it may. A closed set: it becomes a label. */
  readonly uncacheable: UncacheableReason | undefined
  /**
   * The answer may change without any write that could be seen, for this reason: it is cached where @cached
   * asks for it, or a rule that names the operation or its root fields. `undefined`: any rule will do.
   */
  readonly onRequestOnly: UncacheableReason | undefined
}

/** All of the client's headers but these: sorted, in lower case. */
export interface ForwardedHeaders {
  readonly except: readonly string[]
}

/**
 * What entries depend on and writes change:
 *
 * - `table:<source>:<schema>.<name>`: rows of a table, whichever.
 * - `row:<source>:<schema>.<name>:<key>` and `rows:<source>:<schema>.<name>`: an answer that shows one row,
 *   asked for by its primary key, depends on these two instead of the table. A write whose keys are known
 *   changes the table and the row; any other changes the table and `rows`, which stands for all its rows at
 *   once. So a write is always two tags of its table, however many entries there are, and whoever knows no
 *   better than "something of the table" takes both from `tableTags`.
 * - `any-write`, which every mutation bumps: the dependency of what reads something the metadata does not
 *   name (functions, native queries, some views).
 * - `everything`, the dependency of every entry, bumped by what may write anything (actions).
 */
export type Tag = string

export type UncacheableReason =
  | 'not-a-query'
  | 'introspection'
  | 'action'
  | 'remote-schema'
  | 'volatile-function'
