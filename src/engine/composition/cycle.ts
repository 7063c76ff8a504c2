import type { EngineParts } from './parts.ts'

/** Share of a cycle that active expiry may take: 25 % at effort 1, and 2 % more for each step, as in Redis. */
const EXPIRY_SHARE = 0.25
const EXPIRY_SHARE_PER_EFFORT = 0.02
/** However rare cycles are, one never holds the event loop longer. */
const EXPIRY_SLICE_MS_MAX = 5
/** What a replica that may be written to has of its own (expire.c, expireSlaveKeys). */
const OWN_EXPIRY_SLICE_MS = 1
/** What a cycle moves of growing tables (server.c, incrementallyRehash). */
const REHASH_SLICE_MS = 1
const REHASH_BATCH = 128
/** What is taken back of flushed keys between two turns of the event loop. */
const RECLAIM_SLICE_MS = 1
const RECLAIM_BATCH = 128

/** What is to be done again and again, `hz` times a second. */
export class Cycle {
  readonly #parts: EngineParts
  #timer: NodeJS.Timeout | undefined
  #reclaiming: NodeJS.Immediate | undefined
  #isStopped = false

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  start(): void {
    this.#parts.config.onValue('hz', (hz) => {
      const cycleMs = 1_000 / Number(hz)
      clearInterval(this.#timer)
      if (this.#isStopped) return
      this.#timer = setInterval(() => this.#run(cycleMs), cycleMs)
      this.#timer.unref()
    })
  }

  stop(): void {
    this.#isStopped = true
    clearInterval(this.#timer)
    clearImmediate(this.#reclaiming)
  }

  #run(cycleMs: number): void {
    const { clientMemory, debug, eviction, executor, keyspace, memory } = this.#parts
    const { migrations, replication, server, shutdown } = this.#parts
    const { persistence } = this.#parts.storage
    if (debug.isCyclePaused) return
    executor.beginTurn()
    executor.giveUpWaiting()
    shutdown.advance()
    replication.advance()
    migrations.advance(keyspace.nowMs)
    clientMemory.sample()
    server.sample(executor.stats.commandsProcessed)
    memory.sample()
    this.#parts.services.tracking.limit()
    eviction.makeRoom()
    this.#rehash()
    if (keyspace.hasGarbage) this.#reclaim()
    persistence.runCycle(keyspace.nowMs)
    if (!debug.isExpiryOff && !persistence.isLoading) this.#expire(cycleMs)
    executor.settle()
  }

  #expire(cycleMs: number): void {
    const { config, expiry, keyspace, services } = this.#parts
    if (keyspace.ownExpiries.isOn) this.#expireOwn()
    if (!keyspace.mayExpire) return
    const effort = config.integer('active-expire-effort') - 1
    const share = EXPIRY_SHARE + effort * EXPIRY_SHARE_PER_EFFORT
    const { spentMs } = expiry
    expiry.run(Math.min(EXPIRY_SLICE_MS_MAX, cycleMs * share))
    services.latency.sample('expire-cycle', expiry.spentMs - spentMs, keyspace.nowMs)
  }

  #expireOwn(): void {
    const { keyspace, options } = this.#parts
    const endsAtMs = options.clock.monotonicMs() + OWN_EXPIRY_SLICE_MS
    keyspace.expireOwn(() => options.clock.monotonicMs() >= endsAtMs)
  }

  /** Tables that nobody writes to any more get to their end, too. */
  #rehash(): void {
    const { keyspace, options } = this.#parts
    const endsAtMs = options.clock.monotonicMs() + REHASH_SLICE_MS
    while (keyspace.rehash(REHASH_BATCH)) {
      if (options.clock.monotonicMs() >= endsAtMs) return
    }
  }

  /** A slice now and the next one after the sockets have had their turn. */
  #reclaim(): void {
    const { keyspace, options } = this.#parts
    const endsAtMs = options.clock.monotonicMs() + RECLAIM_SLICE_MS
    do keyspace.freeGarbage(RECLAIM_BATCH)
    while (keyspace.hasGarbage && options.clock.monotonicMs() < endsAtMs)
    clearImmediate(this.#reclaiming)
    if (keyspace.hasGarbage) this.#reclaiming = setImmediate(() => this.#reclaim())
  }
}
