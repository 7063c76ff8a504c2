import { Admission } from '../cache/admission.ts'
import { Compressor } from '../cache/compressor.ts'
import { DiscardMemo } from '../cache/discard-memo.ts'
import { Epochs, STAMP_EXTRA_MS } from '../cache/epochs.ts'
import { FillLocks } from '../cache/fill-locks.ts'
import { Invalidation } from '../cache/invalidation.ts'
import { MemoryGauge } from '../cache/memory-gauge.ts'
import { PurgeHistory } from '../cache/purge-history.ts'
import { Refresher } from '../cache/refresher.ts'
import { ResponseCache } from '../cache/response-cache.ts'
import { SingleFlight } from '../cache/single-flight.ts'
import type { GatewayDependencies } from '../gateway-dependencies.ts'
import type { KeptForm } from '../http/cache-headers.ts'
import type { Fetched } from '../http/fetched.ts'
import type { Statistics } from '../metrics.ts'
import type { GatewayOptions } from '../options.ts'
import { EntryCensus } from '../purge/entry-census.ts'
import { entryLifeMaxMs } from './entry-life.ts'

/** What keeps answers, and what makes them stale. */
export interface CacheParts {
  readonly cache: ResponseCache
  readonly invalidation: Invalidation
  readonly purges: PurgeHistory
  readonly census: EntryCensus
  readonly discards: DiscardMemo
  readonly admission: Admission | undefined
  readonly fillLocks: FillLocks | undefined
  readonly flights: SingleFlight<Fetched>
  readonly refresher: Refresher
  readonly compressor: Compressor
  readonly keptForm: KeptForm
}

const INVALIDATION_RETRY_MS = 1_000
/** A mutation that runs longer in Hasura than the gateway waits for it seldom runs a minute more. */
const DOUBT_MS = 60_000
/** Each is compressed within milliseconds; who is turned away asks again. */
const COMPRESSIONS_WAITING_MAX = 256

export function createCacheParts(
  options: GatewayOptions,
  dependencies: GatewayDependencies,
  statistics: Statistics,
): CacheParts {
  const { store, random } = dependencies
  const { entryBytesMax, flightsMax, earlyRefresh } = options.cache
  const common = { ...dependencies, statistics: statistics.cache }
  const lifeMaxMs = entryLifeMaxMs(options)
  const epochs = new Epochs({ ...dependencies, entryLifeMaxMs: lifeMaxMs })
  const retry = { retryIntervalMs: INVALIDATION_RETRY_MS, doubtMs: DOUBT_MS }
  const invalidation = new Invalidation({ ...common, ...retry, epochs })
  // What was written to the one before may be lost, and so may this gateway's own copy of it be behind.
  store.sharing?.onTakeover(() => invalidation.everything('failover'))
  const purges = new PurgeHistory({ store, random, ttlMs: lifeMaxMs + STAMP_EXTRA_MS })
  const census = new EntryCensus({
    isStoreShared: store.name !== 'embedded' || options.purge.mayStartWarm,
    entriesMax: options.purge.entriesMax,
  })
  const admission = createAdmission(options, dependencies)
  const keptForm = { compressionBytesMin: compressionBytesMin(options) }
  return {
    cache: new ResponseCache({
      ...common,
      epochs,
      invalidation,
      purges,
      census,
      entryBytesMax,
      admission,
    }),
    invalidation,
    purges,
    census,
    discards: new DiscardMemo(),
    admission,
    fillLocks: createFillLocks(options, dependencies, statistics),
    flights: new SingleFlight<Fetched>(options.cache),
    refresher: new Refresher({ ...common, isEarly: earlyRefresh, keysMax: flightsMax }),
    compressor: new Compressor({
      ...common,
      bytesMin: keptForm.compressionBytesMin,
      queueMax: COMPRESSIONS_WAITING_MAX,
    }),
    keptForm,
  }
}

function compressionBytesMin({ cache }: GatewayOptions): number {
  return cache.compression ? cache.compressionBytesMin : Number.POSITIVE_INFINITY
}

/** One engine in this process has one gateway; where others share it, they say so. */
function createFillLocks(
  { cache }: GatewayOptions,
  dependencies: GatewayDependencies,
  statistics: Statistics,
): FillLocks | undefined {
  const { name } = dependencies.store
  const isOn = cache.fillLock === 'auto' ? name !== 'embedded' : cache.fillLock === 'on'
  if (!isOn) return undefined
  return new FillLocks({
    ...dependencies,
    statistics: statistics.cache,
    holdMs: cache.fillLockMs,
  })
}

function createAdmission(
  { cache }: GatewayOptions,
  { store, clock, log }: GatewayDependencies,
): Admission | undefined {
  if (!cache.admission) return undefined
  const memory = new MemoryGauge({ store, clock, log, shortFrom: cache.admissionMemory })
  return new Admission({ memory, sizeStep: cache.admissionBytes })
}
