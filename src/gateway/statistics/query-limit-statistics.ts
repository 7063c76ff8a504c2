import type { GatewayErrorCode } from '../errors.ts'
import { isQueryLimitCode, QUERY_LIMIT_CODES, type QueryLimitCode } from '../limits/limit-errors.ts'
import { CounterSet } from './counter-set.ts'

/** What was refused for what it asks, by the code of the refusal. */
export class QueryLimitStatistics {
  readonly refusals = new CounterSet<QueryLimitCode>(QUERY_LIMIT_CODES)

  /** Counts the refusals of limits among all. */
  refused(code: GatewayErrorCode): void {
    if (isQueryLimitCode(code)) this.refusals.add(code)
  }
}
