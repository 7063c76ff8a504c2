import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { StoreStats } from './stats.ts'

/** One metric of the store, as INFO tells it. */
export interface StoreMetricSpec {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly read: (store: StoreStats) => number
}

/** docs/METRICS.md is made from this. */
export const STORE_METRICS: readonly StoreMetricSpec[] = [
  {
    name: 'gerbang_store_up',
    type: 'gauge',
    help: '1 when the store answered INFO, else 0 and the others of the store stay at 0.',
    read: ({ error }) => (error === undefined ? 1 : 0),
  },
  {
    name: 'gerbang_store_keys',
    type: 'gauge',
    help: 'Keys in the store: entries, epochs, limits and sessions.',
    read: ({ keys }) => keys,
  },
  {
    name: 'gerbang_store_used_bytes',
    type: 'gauge',
    help: 'Memory the store uses, its used_memory.',
    read: ({ usedBytes }) => usedBytes,
  },
  {
    name: 'gerbang_store_max_bytes',
    type: 'gauge',
    help: 'Memory the store may use, its maxmemory; 0 is without limit.',
    read: ({ maxBytes }) => maxBytes,
  },
  {
    name: 'gerbang_store_evictions_total',
    type: 'counter',
    help: 'Keys removed because the memory was full.',
    read: ({ evictions }) => evictions,
  },
  {
    name: 'gerbang_store_expirations_total',
    type: 'counter',
    help: 'Keys removed because their time was over.',
    read: ({ expirations }) => expirations,
  },
]

/** Prometheus' view of one process: the gateway's registry, the store, and the process itself. */
export class ProcessMetrics {
  readonly #registry: Registry
  readonly #storeMetrics: readonly (readonly [StoreMetricSpec, Counter | Gauge])[]

  constructor(gateway: Registry) {
    const own = new Registry()
    collectDefaultMetrics({ register: own })
    this.#storeMetrics = STORE_METRICS.map((spec) => {
      const { name, help, type } = spec
      const options = { name, help, registers: [own] }
      return [spec, type === 'counter' ? new Counter(options) : new Gauge(options)]
    })
    this.#registry = Registry.merge([gateway, own])
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  async text(store: StoreStats): Promise<string> {
    for (const [spec, metric] of this.#storeMetrics) {
      metric.reset()
      metric.inc(spec.read(store))
    }
    return await this.#registry.metrics()
  }
}
