import type { Keyspace } from '../keyspace/keyspace.ts'

/** One pair of MEMORY STATS: a whole number, a ratio or percentage, or pairs of its own. */
export type MemoryStat =
  | readonly [name: string, kind: 'integer' | 'double', value: number]
  | readonly [name: string, kind: 'map', stats: readonly MemoryStat[]]

/** The engine's memory: exact sums of what it holds, not estimates. */
export class MemoryUse {
  readonly startupBytes: number
  readonly #keyspace: Keyspace
  readonly #bufferBytes: () => number
  readonly #rssBytes: () => number
  #peakBytes = 0

  /** `rssBytes` is asked when a report is made; it takes a system call. */
  constructor(keyspace: Keyspace, bufferBytes: () => number, rssBytes: () => number) {
    this.#keyspace = keyspace
    this.#bufferBytes = bufferBytes
    this.#rssBytes = rssBytes
    this.startupBytes = keyspace.usedBytes
  }

  /** What maxmemory is compared with. */
  get usedBytes(): number {
    return this.#keyspace.usedBytes + this.#bufferBytes()
  }

  get bufferBytes(): number {
    return this.#bufferBytes()
  }

  /** What the whole process holds, Node.js and the gateway with it. */
  get rssBytes(): number {
    return this.#rssBytes()
  }

  /** Everything but keys and values. */
  get overheadBytes(): number {
    return this.#keyspace.tableBytes + this.#bufferBytes()
  }

  get datasetBytes(): number {
    return this.usedBytes - this.overheadBytes
  }

  /** The keys' share of all that is used beyond an empty engine. */
  get datasetPercent(): number {
    return (this.datasetBytes / Math.max(1, this.usedBytes - this.startupBytes)) * 100
  }

  /** Bytes in blocks of the slab, and of the pages held for them. */
  get allocatedBytes(): number {
    return this.#keyspace.slab.usedBytes
  }

  get heldBytes(): number {
    return this.#keyspace.slab.heldBytes
  }

  get peakBytes(): number {
    return Math.max(this.#peakBytes, this.usedBytes)
  }

  get peakPercent(): number {
    return (this.usedBytes / Math.max(1, this.peakBytes)) * 100
  }

  /** Called regularly: a peak between two calls is missed, as in Redis. */
  sample(): void {
    this.#peakBytes = this.peakBytes
  }

  /** The pairs of MEMORY STATS, in the order of Redis 7.0 (object.c, memoryCommand). */
  stats(): readonly MemoryStat[] {
    const used = this.usedBytes
    const { keyCount } = this.#keyspace
    const keyBytes = Math.max(0, used - this.startupBytes)
    const rss = this.rssBytes
    return [
      ['peak.allocated', 'integer', this.peakBytes],
      ['total.allocated', 'integer', used],
      ['startup.allocated', 'integer', this.startupBytes],
      ['replication.backlog', 'integer', 0],
      ['clients.slaves', 'integer', 0],
      ['clients.normal', 'integer', this.bufferBytes],
      ['cluster.links', 'integer', 0],
      ['aof.buffer', 'integer', 0],
      ['lua.caches', 'integer', 0],
      ['functions.caches', 'integer', 0],
      ...this.#databaseStats(),
      ['overhead.total', 'integer', this.overheadBytes],
      ['keys.count', 'integer', keyCount],
      ['keys.bytes-per-key', 'integer', Math.floor(keyBytes / Math.max(1, keyCount))],
      ['dataset.bytes', 'integer', this.datasetBytes],
      ['dataset.percentage', 'double', this.datasetPercent],
      ['peak.percentage', 'double', this.peakPercent],
      ['allocator.allocated', 'integer', this.allocatedBytes],
      ['allocator.active', 'integer', this.heldBytes],
      ['allocator.resident', 'integer', this.heldBytes],
      ['allocator-fragmentation.ratio', 'double', ratio(this.heldBytes, this.allocatedBytes)],
      ['allocator-fragmentation.bytes', 'integer', this.heldBytes - this.allocatedBytes],
      ['allocator-rss.ratio', 'double', 1],
      ['allocator-rss.bytes', 'integer', 0],
      ['rss-overhead.ratio', 'double', ratio(rss, this.heldBytes)],
      ['rss-overhead.bytes', 'integer', rss - this.heldBytes],
      ['fragmentation', 'double', ratio(rss, used)],
      ['fragmentation.bytes', 'integer', rss - used],
    ]
  }

  #databaseStats(): readonly MemoryStat[] {
    return this.#keyspace.databases
      .filter((database) => database.size > 0)
      .map((database): MemoryStat => {
        const stats: readonly MemoryStat[] = [
          ['overhead.hashtable.main', 'integer', database.hashTableBytes],
          ['overhead.hashtable.expires', 'integer', database.expiryHeapBytes],
          ['overhead.hashtable.slot-to-keys', 'integer', 0],
        ]
        return [`db.${database.index}`, 'map', stats]
      })
  }
}

/** 1 for nothing of nothing. */
export function ratio(bytes: number, ofBytes: number): number {
  return ofBytes === 0 ? 1 : bytes / ofBytes
}
