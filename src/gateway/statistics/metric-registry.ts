import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { MetricSource, MetricSpec } from '../metrics.ts'
import type { LatencyHistogram } from './latency-histogram.ts'

/** In seconds, as Prometheus wants its units: from a hit of half a millisecond to a query of ten seconds. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const MS_PER_SECOND = 1_000

/**
 * The metrics in a registry of their own, read from `source` whenever the registry is asked. Nothing is
 * counted here: the library's counters would cost the hot path a hash of their labels per increment.
 */
export function createMetricRegistry(specs: readonly MetricSpec[], source: MetricSource): Registry {
  const registry = new Registry()
  for (const spec of specs) addMetric(registry, spec, source)
  return registry
}

function addMetric(registry: Registry, spec: MetricSpec, source: MetricSource): void {
  const { name, help, label } = spec
  const options = { name, help, registers: [registry] }
  if (spec.type === 'histogram') {
    const read = (): Iterable<readonly [string, LatencyHistogram]> => spec.read(source)
    registry.registerMetric(new LatencyMetric({ name, help, label, read }))
  } else if (spec.label !== undefined) {
    new Counter({
      ...options,
      labelNames: [spec.label],
      collect() {
        this.reset()
        for (const [value, count] of spec.read(source)) this.inc({ [spec.label]: value }, count)
      },
    })
  } else if (spec.type === 'counter') {
    new Counter({
      ...options,
      collect() {
        this.reset()
        this.inc(spec.read(source))
      },
    })
  } else {
    new Gauge({
      ...options,
      collect() {
        this.set(spec.read(source))
      },
    })
  }
}

interface LatencyMetricOptions {
  readonly name: string
  readonly help: string
  readonly label: string | undefined
  readonly read: () => Iterable<readonly [string, LatencyHistogram]>
}

interface SeriesValue {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly sharedLabels: Readonly<Record<string, string>>
  readonly value: number
}

/**
 * The library's histogram wants every duration one by one. Ours has counted them already, so what the
 * library reads when it writes text is put in their place.
 */
class LatencyMetric extends Histogram {
  readonly #options: LatencyMetricOptions

  constructor(options: LatencyMetricOptions) {
    super({ name: options.name, help: options.help, registers: [] })
    this.#options = options
  }

  /** Of lib/registry.js (15.1); not in the library's types. */
  getForPromString(): object {
    const { name, help, label, read } = this.#options
    const values = Array.from(read(), ([value, latency]) =>
      seriesOf(name, label === undefined ? {} : { [label]: value }, latency),
    )
    return { name, help, type: 'histogram', values: values.flat() }
  }
}

function seriesOf(
  name: string,
  sharedLabels: Readonly<Record<string, string>>,
  latency: LatencyHistogram,
): readonly SeriesValue[] {
  const counts = latency.cumulative(BOUNDS.map((bound) => bound * MS_PER_SECOND))
  const bucket = (le: string | number, value: number): SeriesValue => {
    return { metricName: `${name}_bucket`, labels: { le }, sharedLabels, value }
  }
  const total = (suffix: string, value: number): SeriesValue => {
    return { metricName: `${name}_${suffix}`, labels: {}, sharedLabels, value }
  }
  return [
    ...BOUNDS.map((bound, index) => bucket(bound, counts[index] ?? 0)),
    bucket('+Inf', latency.count),
    total('sum', latency.sumMs / MS_PER_SECOND),
    total('count', latency.count),
  ]
}
