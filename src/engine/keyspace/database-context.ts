import type { Random } from '../../shared/random.ts'
import type { ByteCounter } from '../memory/byte-counter.ts'
import type { KeyedHash } from '../memory/keyed-hash.ts'
import type { Slab } from '../memory/slab.ts'
import type { Structures } from '../structures/structures.ts'
import type { Access } from './access.ts'
import type { Garbage } from './garbage.ts'
import type { KeyEvents, RemovalListener } from './key-events.ts'
import type { OwnExpiries } from './own-expiries.ts'
import type { SnapshotGuard } from './snapshot-guard.ts'

/** What the databases of one keyspace share. The executor sets `nowMs` once per turn. */
export interface DatabaseContext {
  readonly slab: Slab
  readonly hasher: KeyedHash
  readonly random: Random
  readonly access: Access
  readonly stats: KeyspaceStats
  /** Bytes of hash tables and expiry heaps; the records are the slab's. */
  readonly tables: ByteCounter
  readonly garbage: Garbage
  readonly structures: Structures
  mayGrow: (bytes: number) => boolean
  /** Nothing is taken away that nobody deletes: what is due is gone for lookups only. */
  isFrozen: boolean
  readonly events: KeyEvents
  onRemoval: RemovalListener
  /** Runs what takes a key away, and looks how long that takes; absent while nobody asks. */
  timeRemoval: RemovalTimer | undefined
  nowMs: number
  /** What expires before this is gone: the same instant, or 0 while nothing is to go. */
  dueMs: number
  readonly ownExpiries: OwnExpiries
  /** While a snapshot is taken. */
  snapshot: SnapshotGuard | undefined
}

export type RemovalTimer = (reason: 'expired' | 'evicted', remove: () => void) => void

/** Totals since the start or since CONFIG RESETSTAT, under INFO's names. */
export interface KeyspaceStats {
  hits: number
  misses: number
  expiredKeys: number
  evictedKeys: number
  /** Keys of flushed databases whose memory was taken back afterwards. */
  lazyfreedKeys: number
}
