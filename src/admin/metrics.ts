import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { infoNumber } from './redis-info.ts'
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

/** Of what gateways replicate from one another, by what is in it; docs/METRICS.md is made from this, too. */
export const REPLICA_METRICS: readonly StoreMetricSpec[] = [
  {
    name: 'gerbang_replica',
    type: 'gauge',
    help: '1 while this gateway follows another primary, 0 while it has the primary itself.',
    read: ({ sharing }) => (sharing?.role === 'replica' ? 1 : 0),
  },
  {
    name: 'gerbang_replica_rival',
    type: 'gauge',
    help: '1 while this gateway has a primary in whose place another one has been put, and has not been told to follow that one.',
    read: ({ sharing }) => (sharing?.rival === undefined ? 0 : 1),
  },
  {
    name: 'gerbang_replica_current',
    type: 'gauge',
    help: '1 while reads are answered from what is here; 0 while that may be out of date.',
    read: ({ sharing }) => (sharing?.isCurrent === true ? 1 : 0),
  },
  {
    name: 'gerbang_replica_losses_total',
    type: 'counter',
    help: 'How often what is here came to be out of date: the primary was silent for longer than engine.replica_lease, or gone.',
    read: ({ sharing }) => sharing?.losses ?? 0,
  },
  {
    name: 'gerbang_replica_unsure_reads_total',
    type: 'counter',
    help: 'Reads that were not answered from here for it: of the cache they went to Hasura, of sessions to the primary.',
    read: ({ sharing }) => sharing?.unsureReads ?? 0,
  },
  {
    name: 'gerbang_replica_silence_seconds',
    type: 'gauge',
    help: 'Since something was last heard from the primary; 0 at the primary.',
    read: ({ info }) => Math.max(infoNumber(info, 'replication', 'master_last_io_seconds_ago'), 0),
  },
  {
    name: 'gerbang_replica_followers',
    type: 'gauge',
    help: 'Replicas that follow this gateway.',
    read: ({ info }) => infoNumber(info, 'replication', 'connected_slaves'),
  },
  {
    name: 'gerbang_replica_late_writes_total',
    type: 'counter',
    help: 'Writes that waited until time told that no copy without them is in use, for a replica did not answer.',
    read: ({ sharing }) => sharing?.lateSettlements ?? 0,
  },
]

const CLASSES = ['limits', 'sessions'] as const

/** Prometheus' view of one process: the gateway's registry, the store, and the process itself. */
export class ProcessMetrics {
  readonly #registry: Registry
  readonly #storeMetrics: readonly (readonly [StoreMetricSpec, Counter | Gauge])[]
  readonly #classMetrics: readonly (readonly [StoreMetricSpec, Counter | Gauge])[]
  readonly #replicaMetrics: readonly (readonly [StoreMetricSpec, Counter | Gauge])[]

  constructor(gateway: Registry) {
    const own = new Registry()
    collectDefaultMetrics({ register: own })
    this.#storeMetrics = createMetrics(STORE_METRICS, [], own)
    this.#classMetrics = createMetrics(CLASS_METRICS, ['class'], own)
    this.#replicaMetrics = createMetrics(REPLICA_METRICS, ['class'], own)
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
    const shared = Object.entries({ cache: store, ...classes }).filter(([, stats]) => stats.sharing)
    for (const [spec, metric] of this.#replicaMetrics) {
      metric.reset()
      for (const [name, stats] of shared) metric.inc({ class: name }, spec.read(stats))
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
