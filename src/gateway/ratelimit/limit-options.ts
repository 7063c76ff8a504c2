import type { SubjectPart } from './subject-part.ts'

export interface RateLimitOptions {
  readonly enabled: boolean
  /** Every rule that applies must let a request pass. */
  readonly rules: readonly RateLimitRule[]
  /** Without rules those of Hasura's metadata apply, api_limits.rate_limit, and count this. */
  readonly metadata: 'requests' | 'operations' | 'off'
  /** Of the rules of the metadata. */
  readonly onStoreFailure: StoreFailureMode
  /** How many gateways share the store: with `local` each of them has its share of a limit. */
  readonly nodes: number
  /** So long the store may take to tell of limits before it counts as failing. */
  readonly storeTimeoutMs: number
  /** Of a refusal. */
  readonly rejectStatus: 200 | 429
  readonly cost: CostWeights
}

/** What happens while the store fails: requests pass, are refused, or are counted in this process. */
export type StoreFailureMode = 'open' | 'closed' | 'local'

/** What an operation costs, in points. */
export interface CostWeights {
  /** Of each object of the answer. */
  readonly object: number
  /** More for each level that an object lies below the root fields. */
  readonly depth: number
  /** More for each aggregate. */
  readonly aggregate: number
  /** Rows of a list that nothing limits. */
  readonly defaultRows: number
  /** Of root fields, by name; of all others `rootField`. */
  readonly rootFields: ReadonlyMap<string, number>
  readonly rootField: number
}

export interface RateLimitRule {
  /** Name in the RateLimit header and in metrics. */
  readonly name: string
  /** Roles it applies to; all but admin when absent. */
  readonly roles?: readonly string[]
  /** Operations it applies to, by name; all when absent. */
  readonly operations?: readonly string[]
  /** Root fields that it counts; all when absent. */
  readonly rootFields?: readonly string[]
  /** What is counted together; everybody when empty. */
  readonly per: readonly SubjectPart[]
  /** Root fields, whole operations, or points; `requests` unless given. */
  readonly unit?: LimitUnit
  /** `window` unless given. */
  readonly algorithm?: LimitAlgorithm
  /** Units within a window; of `concurrency`, at once. */
  readonly limit: number
  /** Of `concurrency`, how long a request holds its place at most. */
  readonly windowMs: number
  /** Of `window`: how finely it slides, 32 to 256; 120 unless given. */
  readonly slots?: number
  /** Of `gcra`: units at once; `limit` unless given. */
  readonly burst?: number
  /** What a hit costs, in percent; of points 10 unless given, else 100. */
  readonly hitWeight?: number
  /** Counts, and refuses nothing. */
  readonly isShadow?: boolean
  /** `open` unless given. */
  readonly onStoreFailure?: StoreFailureMode
}

export type LimitUnit = 'requests' | 'operations' | 'cost'

/**
 * `window`: never more than the limit in any window. `log`: the same, exact to the millisecond, for small limits.
 * `gcra`: an even rate with bursts. `concurrency`: so many at once are asked of Hasura.
 */
export type LimitAlgorithm = 'window' | 'log' | 'gcra' | 'concurrency'

export const DEFAULT_SLOTS = 120
