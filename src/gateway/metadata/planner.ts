import type { JsonObject, Operation, PreparedRequest } from '../graphql/operation.ts'
import type { PlanExplanation } from './explanation.ts'
import type { Plan, Tag } from './plan.ts'

/** Says what operations touch. Plans are remembered; asking again costs a look-up. */
export interface Planner {
  /**
   * Of all that plans follow from: part of every key, so that gateways share what they would plan alike, and
   * nothing else. The same after a restart, if nothing has changed.
   */
  readonly version: string
  /**
   * The variables matter when a filter, an order, a key or an inserted object comes through one: the
   * relationships its value names lead to tables.
   */
  plan(operation: Operation, role: string, variables: JsonObject | undefined): Plan
  /**
   * In place of the request's own, with `cache.normalisation: schema`: equal for requests that the schema makes mean
   * the same. `undefined` where it does not tell. Not remembered.
   */
  keyTexts(request: PreparedRequest): KeyTexts | undefined
  /** The same with the reasons. Not remembered. */
  explain(operation: Operation, role: string, variables: JsonObject | undefined): PlanExplanation
  /**
   * What is stale when these rows of a table have changed, before and after: `relation` is `schema.name` in
   * the database, the members of `rows` are its columns.
   */
  changedRows(source: string, relation: string, rows: readonly JsonObject[]): readonly Tag[]
}

/** What a request asks, as it goes into its key. */
export interface KeyTexts {
  readonly operationDigest: string
  readonly variablesText: string
}
