import type { GatewaySnapshot } from '../gateway/index.ts'
import type { SharingStatus, Store } from '../store/index.ts'
import type { AdminDependencies } from './admin-dependencies.ts'
import { type Info, infoNumber, parseInfo } from './redis-info.ts'

/** All there is to know of this process and its store at one instant, as GET /stats tells it. */
export interface Stats extends GatewaySnapshot {
  readonly takenAtMs: number
  readonly process: ProcessStats
  readonly store: StoreStats
  /** Memory that a full cache takes nothing from, by what is in it. */
  readonly classes: ClassStats
}

export interface ClassStats {
  readonly limits?: StoreStats
  readonly sessions?: StoreStats
}

export interface ProcessStats {
  readonly pid: number
  readonly nodeVersion: string
  readonly rssBytes: number
  readonly heapUsedBytes: number
  readonly externalBytes: number
}

export interface StoreStats {
  readonly name: string
  /** Why there is no more of it. */
  readonly error: string | undefined
  readonly keys: number
  readonly usedBytes: number
  readonly maxBytes: number
  readonly evictions: number
  readonly expirations: number
  /** Writes refused for want of memory. */
  readonly refusals: number
  /** Neither the last snapshot nor the last write of the log has failed. */
  readonly areFilesOk: boolean
  /** Its part among replicas; `undefined` when it has none. */
  readonly sharing: SharingStatus | undefined
  /** INFO of the engine, or of the Redis that the store is. */
  readonly info: Info
}

export async function takeStats(dependencies: AdminDependencies): Promise<Stats> {
  const { gateway, clock } = dependencies
  const store = await takeStoreStats(dependencies.store)
  const classes = await takeClassStats(dependencies)
  return {
    takenAtMs: clock.nowMs(),
    ...gateway.snapshot(),
    process: processStats(),
    store,
    classes,
  }
}

export async function takeClassStats({
  protectedStores,
}: Pick<AdminDependencies, 'protectedStores'>): Promise<ClassStats> {
  if (protectedStores === undefined) return {}
  return {
    limits: await takeStoreStats(protectedStores.limits),
    sessions: await takeStoreStats(protectedStores.sessions),
  }
}

export async function takeStoreStats(store: Store): Promise<StoreStats> {
  const { info, error } = await readInfo(store)
  return {
    name: store.name,
    error,
    keys: keyCount(info),
    usedBytes: infoNumber(info, 'memory', 'used_memory'),
    maxBytes: infoNumber(info, 'memory', 'maxmemory'),
    evictions: infoNumber(info, 'stats', 'evicted_keys'),
    expirations: infoNumber(info, 'stats', 'expired_keys'),
    refusals: Number(/count=(\d+)/.exec(info['errorstats']?.['errorstat_OOM'] ?? '')?.[1] ?? 0),
    areFilesOk: FILE_STATES.every((field) => info['persistence']?.[field] !== 'err'),
    sharing: store.sharing?.status,
    info,
  }
}

const FILE_STATES = ['rdb_last_bgsave_status', 'aof_last_write_status'] as const

/** A store that is down is part of the statistics, not the end of them. */
async function readInfo(
  store: Store,
): Promise<{ readonly info: Info; readonly error: string | undefined }> {
  try {
    return { info: parseInfo(await store.info()), error: undefined }
  } catch (error) {
    return { info: {}, error: error instanceof Error ? error.message : 'the store failed' }
  }
}

/** `db0:keys=12,expires=3,…` for each database. */
function keyCount(info: Info): number {
  const databases = Object.values(info['keyspace'] ?? {})
  return databases.reduce((sum, text) => sum + Number(/keys=(\d+)/.exec(text)?.[1] ?? 0), 0)
}

function processStats(): ProcessStats {
  const { rss, heapUsed, external } = process.memoryUsage()
  return {
    pid: process.pid,
    nodeVersion: process.version,
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    externalBytes: external,
  }
}
