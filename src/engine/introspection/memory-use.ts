import type { Keyspace } from '../keyspace/keyspace.ts'

/** What every key costs in pointers and header in Redis' own report has no part here: it is in the record. */
const PER_CENT = 100

/** The engine's memory: exact sums of what it holds, not estimates. */
export class MemoryUse {
  readonly #keyspace: Keyspace
  readonly #bufferBytes: () => number
  readonly startupBytes: number
  #peakBytes = 0

  constructor(keyspace: Keyspace, bufferBytes: () => number) {
    this.#keyspace = keyspace
    this.#bufferBytes = bufferBytes
    this.startupBytes = keyspace.usedBytes
  }

  /** What maxmemory is compared with. */
  get usedBytes(): number {
    return this.#keyspace.usedBytes + this.#bufferBytes()
  }

  get bufferBytes(): number {
    return this.#bufferBytes()
  }

  /** Everything but keys and values. */
  get overheadBytes(): number {
    return this.#keyspace.tableBytes + this.#bufferBytes()
  }

  get datasetBytes(): number {
    return this.usedBytes - this.overheadBytes
  }

  /** Pages held for the blocks in use, by the blocks in use. */
  get fragmentationRatio(): number {
    const used = this.#keyspace.slab.usedBytes
    return used === 0 ? 1 : this.#keyspace.slab.heldBytes / used
  }

  get peakBytes(): number {
    return Math.max(this.#peakBytes, this.usedBytes)
  }

  /** Called regularly: a peak between two calls is missed, as in Redis. */
  sample(): void {
    this.#peakBytes = this.peakBytes
  }

  /** The pairs of MEMORY STATS, in the order of Redis 7.0 (object.c, memoryCommand). */
  stats(): readonly (readonly [name: string, value: number])[] {
    const used = this.usedBytes
    const keyCount = this.#keyspace.keyCount
    const netBytes = Math.max(1, used - this.startupBytes)
    const held = this.#keyspace.slab.heldBytes
    return [
      ['peak.allocated', this.peakBytes],
      ['total.allocated', used],
      ['startup.allocated', this.startupBytes],
      ['clients.normal', this.#bufferBytes()],
      ['overhead.total', this.overheadBytes],
      ['keys.count', keyCount],
      [
        'keys.bytes-per-key',
        keyCount === 0 ? 0 : Math.floor((used - this.startupBytes) / keyCount),
      ],
      ['dataset.bytes', this.datasetBytes],
      ['dataset.percentage', (this.datasetBytes / netBytes) * PER_CENT],
      ['peak.percentage', (used / Math.max(1, this.peakBytes)) * PER_CENT],
      ['allocator.allocated', this.#keyspace.slab.usedBytes],
      ['allocator.resident', held],
      ['allocator-fragmentation.ratio', this.fragmentationRatio],
      ['allocator-fragmentation.bytes', held - this.#keyspace.slab.usedBytes],
    ]
  }
}
