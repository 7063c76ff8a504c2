import { CounterSet } from '../statistics/counter-set.ts'
import { LatencyHistogram } from '../statistics/latency-histogram.ts'
import type { EventsSnapshot } from '../statistics/snapshot.ts'

/** What became of a request to the events endpoint; a label, so the set is closed. */
export const EVENT_RESULTS = ['taken', 'denied', 'unreadable', 'too-large'] as const
export type EventResult = (typeof EVENT_RESULTS)[number]

/** Hasura's events, counted once each delivery. */
export class EventStatistics {
  readonly results = new CounterSet<EventResult>(EVENT_RESULTS)
  /** From the change in the database to the entries being stale. */
  readonly lag = new LatencyHistogram()

  taken(lagMs: number | undefined): void {
    this.results.add('taken')
    // The clock of the database may be ahead of ours.
    if (lagMs !== undefined) this.lag.record(Math.max(0, lagMs))
  }

  snapshot(): EventsSnapshot {
    return { results: this.results.snapshot(), lagMs: this.lag.snapshot() }
  }
}
