import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { ClassStats, StoreStats } from './stats.ts'

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
  {
    name: 'gerbang_store_files_ok',
    type: 'gauge',
    help: '0 while the store cannot write its files, and so refuses writes; 1 otherwise, and when it keeps none.',
    read: ({ areFilesOk }) => (areFilesOk ? 1 : 0),
  },
]

/** The same of the memory that limits and sessions have to themselves; docs/METRICS.md is made from this, too. */
export const CLASS_METRICS: readonly StoreMetricSpec[] = [
  {
    name: 'gerbang_class_keys',
    type: 'gauge',
    help: 'Keys.',
    read: ({ keys }) => keys,
  },
  {
    name: 'gerbang_class_used_bytes',
    type: 'gauge',
    help: 'Memory in use.',
    read: ({ usedBytes }) => usedBytes,
  },
  {
    name: 'gerbang_class_max_bytes',
    type: 'gauge',
    help: 'Memory that may be used; 0 is without limit.',
    read: ({ maxBytes }) => maxBytes,
  },
  {
    name: 'gerbang_class_refusals_total',
    type: 'counter',
    help: 'Writes refused because the memory was full.',
    read: ({ refusals }) => refusals,
  },
  {
    name: 'gerbang_class_evictions_total',
    type: 'counter',
    help: 'Keys removed because the memory was full: with the embedded engine never one.',
    read: ({ evictions }) => evictions,
  },
  {
    name: 'gerbang_class_files_ok',
    type: 'gauge',
    help: '0 while its files cannot be written, and so writes are refused; 1 otherwise, and when it has none.',
    read: ({ areFilesOk }) => (areFilesOk ? 1 : 0),
  },
]

const CLASSES = ['limits', 'sessions'] as const

/** Prometheus' view of one process: the gateway's registry, the store, and the process itself. */
export class ProcessMetrics {
  readonly #registry: Registry
  readonly #storeMetrics: readonly (readonly [StoreMetricSpec, Counter | Gauge])[]
  readonly #classMetrics: readonly (readonly [StoreMetricSpec, Counter | Gauge])[]

  constructor(gateway: Registry) {
    const own = new Registry()
    collectDefaultMetrics({ register: own })
    this.#storeMetrics = createMetrics(STORE_METRICS, [], own)
    this.#classMetrics = createMetrics(CLASS_METRICS, ['class'], own)
    this.#registry = Registry.merge([gateway, own])
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  async text(store: StoreStats, classes: ClassStats = {}): Promise<string> {
    for (const [spec, metric] of this.#storeMetrics) {
      metric.reset()
      metric.inc(spec.read(store))
    }
    for (const [spec, metric] of this.#classMetrics) {
      metric.reset()
      for (const name of CLASSES) {
        const stats = classes[name]
        if (stats !== undefined) metric.inc({ class: name }, spec.read(stats))
      }
    }
    return await this.#registry.metrics()
  }
}

function createMetrics(
  specs: readonly StoreMetricSpec[],
  labelNames: readonly string[],
  registry: Registry,
): readonly (readonly [StoreMetricSpec, Counter | Gauge])[] {
  return specs.map((spec) => {
    const { name, help, type } = spec
    const options = { name, help, labelNames: [...labelNames], registers: [registry] }
    return [spec, type === 'counter' ? new Counter(options) : new Gauge(options)]
  })
}
