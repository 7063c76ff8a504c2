import type { JsonObject, Operation } from '../graphql/operation.ts'

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
 * `table:<source>:<schema>.<name>`, or one of two that name no table. `any-write`, which every mutation
 * bumps, is the dependency of whatever reads something the metadata does not name (views, functions, native
 * queries). `everything`, the dependency of every entry, is bumped by what may write anything (actions).
 */
export type Tag = string

export type UncacheableReason =
  | 'not-a-query'
  | 'introspection'
  | 'action'
  | 'remote-schema'
  | 'volatile-function'

/** Says what operations touch. Plans are remembered; asking again costs a look-up. */
export interface Planner {
  /**
   * The variables matter when a filter, an order or an inserted object comes through one: the
   * relationships its value names lead to tables.
   */
  plan(operation: Operation, role: string, variables: JsonObject | undefined): Plan
}

/** Hasura's own HTTP API, asked with the admin secret. */
export interface MetadataSource {
  /** POSTs `request` as JSON; the parsed JSON of a 200, else an error. */
  fetchJson(path: string, request: unknown, signal: AbortSignal): Promise<unknown>
}
