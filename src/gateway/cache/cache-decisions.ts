import type { Operation, PreparedRequest } from '../graphql/operation.ts'
import type { Identity } from '../identity/identity.ts'
import type { Plan } from '../metadata/plan.ts'
import type { CacheTarget } from './cache-target.ts'

/** Where the answer to a request may be, or why it is asked of the upstream each time. */
export type CacheDecision = Target | Bypass

export interface Target {
  readonly target: CacheTarget
  /** Hasura's `@cached(refresh: true)`: fetch, and keep what was fetched. */
  readonly refresh: boolean
}

export interface Bypass {
  readonly target: undefined
  readonly reason: string
}

export interface CacheDecisions {
  plan(operation: Operation, role: string): Plan
  of(prepared: PreparedRequest, identity: Identity): CacheDecision
}
