import type { BypassReason } from '../cache/policy.ts'
import { CounterSet } from './counter-set.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import {
  type OperationSnapshot,
  OUTCOMES,
  type Outcome,
  type RequestsSnapshot,
} from './snapshot.ts'
import { TopList } from './top-list.ts'

const OPERATIONS_LISTED = 200

/** Requests to /v1/graphql, each counted once, when it is answered. Nothing is allocated for one. */
export class RequestStatistics {
  inFlight = 0
  readonly latency: Readonly<Record<Outcome, LatencyHistogram>> = {
    hit: new LatencyHistogram(),
    stale: new LatencyHistogram(),
    miss: new LatencyHistogram(),
    coalesced: new LatencyHistogram(),
    bypass: new LatencyHistogram(),
    refused: new LatencyHistogram(),
    error: new LatencyHistogram(),
  }
  /** Requests that were passed to Hasura unread. */
  passthroughCount = 0
  readonly bypasses = new CounterSet<BypassReason>()
  readonly #operations = new TopList(OPERATIONS_LISTED)
  readonly #hitsByOperation = new TopList(OPERATIONS_LISTED)

  get total(): number {
    return OUTCOMES.reduce((sum, outcome) => sum + this.latency[outcome].count, 0)
  }

  answered(outcome: Outcome, operation: string | undefined, durationMs: number): void {
    this.latency[outcome].record(durationMs)
    if (operation === undefined) return
    this.#operations.add(operation)
    if (outcome === 'hit') this.#hitsByOperation.add(operation)
  }

  topOperations(count: number): readonly OperationSnapshot[] {
    const listed = this.#hitsByOperation.top(OPERATIONS_LISTED)
    const hits = new Map(listed.map((item) => [item.name, item.count]))
    return this.#operations.top(count).map(({ name, count: asked, countError }) => {
      return {
        operation: name,
        count: asked,
        countError,
        hits: Math.min(asked, hits.get(name) ?? 0),
      }
    })
  }

  snapshot(): RequestsSnapshot {
    const { hit, stale, miss, coalesced } = this.latency
    const hits = hit.count + stale.count
    const cacheable = hits + miss.count + coalesced.count
    const byOutcome = Object.entries(this.latency).map(([outcome, latency]) => {
      return [outcome, { count: latency.count, latencyMs: latency.snapshot() }] as const
    })
    return {
      total: this.total,
      inFlight: this.inFlight,
      hitRatio: cacheable === 0 ? 0 : hits / cacheable,
      byOutcome: Object.fromEntries(byOutcome),
      bypassReasons: this.bypasses.snapshot(),
      passthrough: this.passthroughCount,
    }
  }
}
