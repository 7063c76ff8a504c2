import type { GatewayErrorCode } from '../errors.ts'
import { CounterSet } from './counter-set.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import type { UpstreamSnapshot } from './snapshot.ts'

const FAILURES = [
  'upstream-unreachable',
  'upstream-invalid-response',
  'upstream-overloaded',
  'timeout',
  'time-limit-exceeded',
] as const satisfies readonly GatewayErrorCode[]

/** Requests to Hasura and what became of them. */
export class UpstreamStatistics {
  inFlight = 0
  readonly latency = new LatencyHistogram()
  readonly failures = new CounterSet<GatewayErrorCode>(FAILURES)

  /** After the answer's last byte, or its head when the body is streamed; failures count too. */
  answered(durationMs: number): void {
    this.latency.record(durationMs)
  }

  failed(code: GatewayErrorCode): void {
    this.failures.add(code)
  }

  snapshot(url: string): UpstreamSnapshot {
    return {
      url,
      requests: this.latency.count,
      inFlight: this.inFlight,
      failuresByCode: this.failures.snapshot(),
      latencyMs: this.latency.snapshot(),
    }
  }
}
