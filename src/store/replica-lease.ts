import type { EngineReplication } from '../engine/index.ts'
import type { Clock } from '../shared/clock.ts'
import type { Random } from '../shared/random.ts'
import type { Store } from './store.ts'

/** Of each gateway's last beat; in the store of the group, beside all else. */
export const BEAT_KEY_PREFIX = 'gerbang:beat:'
const BEAT_LIFE_MS = 60_000
/** Underway at the same time; what is older counts for nothing. */
const BEATS_MAX = 64

export interface ReplicaLeaseOptions {
  /** The copy. */
  readonly local: Store
  readonly replication: Pick<EngineReplication, 'isLinked' | 'linkCount'>
  /** Where beats are written. */
  readonly primary: Store
  readonly clock: Clock
  readonly random: Random
  readonly leaseMs: number
}

/**
 * How long a copy may be taken for what the primary has. A number is written to the primary now and then; once it has
 * come here with the stream, so has all that was written before it. So the copy is never older than the instant before
 * that number was sent, by this process' own clock, however long anything took on its way; and the lease begins then.
 * It ends with the link as well: a primary waits only for those that are linked.
 */
export class ReplicaLease {
  readonly #options: ReplicaLeaseOptions
  readonly #key: Buffer
  /** When they were sent, by their number. */
  readonly #sentAtMs = new Map<number, number>()
  #number = 0
  #link = 0
  #untilMs = Number.NEGATIVE_INFINITY

  constructor(options: ReplicaLeaseOptions) {
    this.#options = options
    this.#key = Buffer.from(BEAT_KEY_PREFIX + options.random.bytes(8).toString('hex'))
  }

  get isHeld(): boolean {
    const { clock, replication } = this.#options
    if (!replication.isLinked || replication.linkCount !== this.#link) return false
    const nowMs = clock.monotonicMs()
    if (nowMs >= this.#untilMs) this.#learn()
    return nowMs < this.#untilMs
  }

  /** To be called several times while a lease lasts. Rejects when the primary cannot be told. */
  async beat(): Promise<void> {
    const { clock, primary, replication } = this.#options
    if (!replication.isLinked) return
    if (replication.linkCount !== this.#link) this.#beginAnew(replication.linkCount)
    this.#learn()
    this.#number += 1
    if (this.#sentAtMs.size >= BEATS_MAX) this.#sentAtMs.clear()
    this.#sentAtMs.set(this.#number, clock.monotonicMs())
    await primary.set(this.#key, Buffer.from(String(this.#number)), { ttlMs: BEAT_LIFE_MS })
  }

  /** Beats that were sent before the link stood say nothing of what it brings. */
  #beginAnew(link: number): void {
    this.#link = link
    this.#untilMs = Number.NEGATIVE_INFINITY
    this.#sentAtMs.clear()
  }

  /** Which beat has come. */
  #learn(): void {
    const value = this.#options.local.get(this.#key)
    if (!Buffer.isBuffer(value)) return
    const number = Number(value.toString())
    const sentAtMs = this.#sentAtMs.get(number)
    if (sentAtMs === undefined) return
    this.#untilMs = sentAtMs + this.#options.leaseMs
    for (const older of this.#sentAtMs.keys()) if (older <= number) this.#sentAtMs.delete(older)
  }
}
