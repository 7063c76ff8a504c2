/** What would be cached of a Hasura and keyed by what, for people: `gerbang check` prints it. */
export interface UpstreamDescription {
  readonly resourceVersion: number
  /** By name: every role that has a permission on some table. Admin, whom no filter holds back, is first. */
  readonly roles: readonly RoleDescription[]
  /** Root fields whose answers are never cached, with the reason. */
  readonly uncacheable: readonly UncacheableField[]
  /** Those that only @cached, or a rule that names the operation or its root fields, has cached. */
  readonly onRequestOnly: readonly UncacheableField[]
  /** Hasura's own rate limits, which its CE only stores. */
  readonly rateLimits: readonly RateLimitDescription[]
  /** What could not be read and is therefore treated with caution, each a sentence. */
  readonly cautions: readonly string[]
}

export interface RoleDescription {
  readonly role: string
  /** What the role may select, by table; functions that return rows of a table are in entries of their own. */
  readonly tables: readonly TableDescription[]
}

export interface TableDescription {
  readonly source: string
  /** `schema.name`. */
  readonly table: string
  /**
   * The fields of `query` that read the table, as the source customises them; of a source with a namespace,
   * the namespace. Where the metadata names no naming convention, hasura-default's.
   */
  readonly rootFields: readonly string[]
  /**
   * Without x-hasura-role, in lower case and sorted: empty when all users of the role share an answer; `all`
   * when the whole session is part of the key.
   */
  readonly sessionVariables: readonly string[] | 'all'
  /** What makes an answer stale, as `Plan` has it: the table, those of the filter, `any-write`. */
  readonly reads: readonly string[]
}

export interface RateLimitDescription {
  /** `undefined` for all that have none of their own, but admin. */
  readonly role: string | undefined
  readonly requestsPerMinute: number
  /** What is counted together. */
  readonly per: readonly string[]
}

export interface UncacheableField {
  readonly rootField: string
  readonly reason: string
}
