import type { Clock } from '../../shared/clock.ts'
import { NONE } from '../memory/slab.ts'
import type { Database, Handle } from './database.ts'
import type { Keyspace } from './keyspace.ts'

export const MAXMEMORY_POLICIES = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
] as const

export type MaxmemoryPolicy = (typeof MAXMEMORY_POLICIES)[number]

/** Candidates remembered between samples (evict.c, EVPOOL_SIZE). */
const POOL_SIZE = 16
/** How long one command may wait for room, and how often the clock is looked at. */
const BUDGET_MS = 1
const BATCH = 16

export interface EvictionOptions {
  readonly keyspace: Keyspace
  readonly clock: Clock
  /** Bytes outside the keyspace that count: buffers of clients and links. */
  readonly otherBytes: () => number
}

interface Candidate {
  readonly score: number
  readonly databaseIndex: number
  readonly key: Uint8Array
}

/**
 * Keeps memory under `maxmemory` by taking keys away as the policy says. LRU and LFU are approximated as
 * Redis does: a few random keys are looked at, and the best candidates seen so far are kept in a pool.
 */
export class Eviction {
  /** A replica leaves it to its primary (replica-ignore-maxmemory). */
  isOff = false
  maxmemoryBytes = 0
  policy: MaxmemoryPolicy = 'noeviction'
  samples = 5
  readonly #keyspace: Keyspace
  readonly #clock: Clock
  readonly #otherBytes: () => number
  /** How long commands have run while memory was over the limit, before and since. */
  #exceededMs = 0
  #exceededSinceMs: number | undefined
  /** Lowest score first. */
  #pool: Candidate[] = []
  #nextDatabase = 0

  /** Hears how long each attempt to make room took, and freeing what was flushed, for who watches latency. */
  onEvent: ((event: 'eviction-cycle' | 'eviction-lazyfree', ms: number) => void) | undefined

  constructor(options: EvictionOptions) {
    this.#keyspace = options.keyspace
    this.#clock = options.clock
    this.#otherBytes = options.otherBytes
    options.keyspace.onGrowth((bytes) => this.hasRoomFor(bytes))
  }

  get isOverLimit(): boolean {
    if (this.maxmemoryBytes === 0) return false
    return this.#keyspace.usedBytes + this.#otherBytes() > this.maxmemoryBytes
  }

  /**
   * Evicts until memory is under the limit or a millisecond has passed: the rest goes with the next
   * command, as in Redis. False when nothing can be evicted: a command that needs memory is refused.
   */
  makeRoom(): boolean {
    if (!this.isOverLimit || this.#keyspace.isFrozen || this.isOff) return true
    const endsAtMs = this.#clock.monotonicMs() + BUDGET_MS
    const hasRoom = this.#makeRoomUntil(endsAtMs)
    this.#noteExcess(endsAtMs)
    this.onEvent?.('eviction-cycle', this.#clock.monotonicMs() - endsAtMs + BUDGET_MS)
    return hasRoom
  }

  /** Milliseconds for which eviction did not keep up: INFO's total_eviction_exceeded_time. */
  get exceededMs(): number {
    return this.#exceededMs + this.currentExceededMs
  }

  get currentExceededMs(): number {
    if (this.#exceededSinceMs === undefined) return 0
    return this.#clock.monotonicMs() - this.#exceededSinceMs
  }

  /** Bounded work: true also when the time is up and there is more to take away. */
  #makeRoomUntil(endsAtMs: number): boolean {
    for (let steps = 1; this.isOverLimit; steps += 1) {
      // What was flushed is still held: it goes before any key that is still wanted.
      if (this.#keyspace.hasGarbage) this.#freeGarbage()
      else if (this.policy === 'noeviction' || !this.#evictOne()) return false
      if (steps % BATCH === 0 && this.#clock.monotonicMs() >= endsAtMs) return true
    }
    return true
  }

  #freeGarbage(): void {
    const sinceMs = this.onEvent === undefined ? 0 : this.#clock.monotonicMs()
    this.#keyspace.freeGarbage(BATCH)
    this.onEvent?.('eviction-lazyfree', this.#clock.monotonicMs() - sinceMs)
  }

  #noteExcess(endsAtMs: number): void {
    const isBehind = this.isOverLimit && this.policy !== 'noeviction'
    if (isBehind) this.#exceededSinceMs ??= endsAtMs - BUDGET_MS
    if (isBehind || this.#exceededSinceMs === undefined) return
    this.#exceededMs += this.currentExceededMs
    this.#exceededSinceMs = undefined
  }

  /** Whether so many bytes more would be under the limit. */
  hasRoomFor(bytes: number): boolean {
    if (this.maxmemoryBytes === 0) return true
    return this.#keyspace.usedBytes + this.#otherBytes() + bytes <= this.maxmemoryBytes
  }

  #evictOne(): boolean {
    switch (this.policy) {
      case 'allkeys-random':
      case 'volatile-random':
        return this.#evictRandom()
      case 'volatile-ttl':
        return this.#evictSoonest()
      default:
        return this.#evictByScore()
    }
  }

  get #isVolatileOnly(): boolean {
    return this.policy.startsWith('volatile-')
  }

  #randomRecord(database: Database): Handle {
    return this.#isVolatileOnly ? database.randomVolatileRecord() : database.randomRecord()
  }

  /** One database after the other, so that all are evicted from alike. */
  #evictRandom(): boolean {
    const databases = this.#keyspace.databases
    for (let tries = 0; tries < databases.length; tries += 1) {
      const database = this.#keyspace.database(this.#nextDatabase)
      this.#nextDatabase = (this.#nextDatabase + 1) % databases.length
      const record = this.#randomRecord(database)
      if (record === NONE) continue
      database.evict(record)
      return true
    }
    return false
  }

  #evictSoonest(): boolean {
    let soonest: Database | undefined
    let soonestAtMs = Number.POSITIVE_INFINITY
    for (const database of this.#keyspace.databases) {
      const record = database.nextToExpire()
      if (record === NONE || database.expiresAtMs(record) >= soonestAtMs) continue
      soonest = database
      soonestAtMs = database.expiresAtMs(record)
    }
    if (soonest === undefined) return false
    soonest.evict(soonest.nextToExpire())
    return true
  }

  #evictByScore(): boolean {
    while (this.#fillPool()) {
      for (let best = this.#pool.pop(); best !== undefined; best = this.#pool.pop()) {
        const database = this.#keyspace.database(best.databaseIndex)
        const record = database.peek(best.key, 0, best.key.length)
        if (record === NONE || (this.#isVolatileOnly && database.expiresAtMs(record) === 0))
          continue
        database.evict(record)
        return true
      }
    }
    return false
  }

  /** False when no database has a key that may go. */
  #fillPool(): boolean {
    let hasAny = false
    for (const database of this.#keyspace.databases) {
      for (let sample = 0; sample < this.samples; sample += 1) {
        const record = this.#randomRecord(database)
        if (record === NONE) break
        hasAny = true
        this.#offer(database, record)
      }
    }
    return hasAny
  }

  #offer(database: Database, record: Handle): void {
    const score = database.evictionScore(record)
    const isFull = this.#pool.length >= POOL_SIZE
    if (isFull && score <= (this.#pool[0]?.score ?? 0)) return
    const start = database.keyStart(record)
    const key = database.bytes(record).slice(start, start + database.keyLength(record))
    if (this.#isPooled(database.index, key)) return
    if (isFull) this.#pool.shift()
    let place = this.#pool.length
    while (place > 0 && (this.#pool[place - 1]?.score ?? 0) > score) place -= 1
    this.#pool.splice(place, 0, { score, databaseIndex: database.index, key })
  }

  #isPooled(databaseIndex: number, key: Uint8Array): boolean {
    return this.#pool.some(
      (candidate) =>
        candidate.databaseIndex === databaseIndex && Buffer.compare(candidate.key, key) === 0,
    )
  }
}
