import type { LatencyHistogram } from './latency-histogram.ts'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels?: Labels
  readonly value: number
}

/** In seconds, as Prometheus wants its units: from a hit of half a millisecond to a query of ten seconds. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const MS_PER_SECOND = 1_000

/**
 * Metrics in Prometheus' text format, version 0.0.4, from numbers that are counted elsewhere: a library's
 * counters would cost the hot path a hash of their labels per increment.
 */
export class PrometheusText {
  readonly #lines: string[] = []

  counter(name: string, help: string, samples: readonly Sample[]): void {
    this.#family(name, help, 'counter')
    for (const { labels = {}, value } of samples) this.#sample(name, labels, value)
  }

  gauge(name: string, help: string, value: number, labels: Labels = {}): void {
    this.#family(name, help, 'gauge')
    this.#sample(name, labels, value)
  }

  histogram(
    name: string,
    help: string,
    series: readonly { readonly labels?: Labels; readonly latency: LatencyHistogram }[],
  ): void {
    this.#family(name, help, 'histogram')
    for (const { labels = {}, latency } of series) {
      const counts = latency.cumulative(BOUNDS.map((bound) => bound * MS_PER_SECOND))
      for (const [index, bound] of BOUNDS.entries()) {
        this.#sample(`${name}_bucket`, { ...labels, le: `${bound}` }, counts[index] ?? 0)
      }
      this.#sample(`${name}_bucket`, { ...labels, le: '+Inf' }, latency.count)
      this.#sample(`${name}_sum`, labels, latency.sumMs / MS_PER_SECOND)
      this.#sample(`${name}_count`, labels, latency.count)
    }
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }

  #family(name: string, help: string, type: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
  }

  #sample(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
    this.#lines.push(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`)
  }
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
