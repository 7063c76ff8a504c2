import type { EngineReplication } from '../engine/index.ts'
import type { Clock } from '../shared/clock.ts'
import type { NoRole, PrimaryAddress, RoleReport } from './ask-role.ts'

export interface RivalWatchOptions {
  /** Of the primary in this process. */
  readonly replication: Pick<
    EngineReplication,
    'followers' | 'departures' | 'departedSince' | 'replicationId'
  >
  /** What it says of itself within a lease. */
  readonly ask: (address: PrimaryAddress) => Promise<RoleReport | NoRole>
  readonly clock: Clock
  readonly leaseMs: number
  /** Another one has been found, or is one no longer. */
  readonly onChange: () => void
}

/** Those that have followed it and are looked after; of more the longest known is forgotten. */
const KNOWN_MAX = 16
/** Who takes questions and does not answer any is taken for dead after so many leases. */
const SILENT_LEASES = 10

/**
 * Whether a primary is the only one. Sentinel makes one of its followers the primary when it takes it for dead, and
 * tells it only later: that one has left it then, and says what it is when it is asked. So whoever goes is asked, and
 * all are when this process has stood still for a lease and may have missed everything; until they have answered, or are
 * taken for dead, nothing is sure.
 */
export class RivalWatch {
  readonly #options: RivalWatchOptions
  /** By their names; the last to be seen is the last. */
  readonly #known = new Map<string, Follower>()
  /** How often it has begun: what was asked before counts for nothing. */
  #beginnings = 0
  #rival: PrimaryAddress | undefined
  #heardMs = 0
  #lookedMs: number
  #asking: Promise<void> | undefined
  /** How often this process stood still for a lease. */
  #stalls = 0
  /** All have been asked that had gone by then, and since it stood still so often. */
  #clearedDepartures: number
  #clearedStalls = 0
  /** All are known that had gone by then. */
  #learnedDepartures: number
  /** Somebody takes itself for a follower, and does not follow: when it becomes the primary nobody goes. */
  #hasStrays = false

  constructor(options: RivalWatchOptions) {
    this.#options = options
    this.#lookedMs = options.clock.monotonicMs()
    this.#clearedDepartures = options.replication.departures
    this.#learnedDepartures = options.replication.departures
  }

  /** The other primary. */
  get rival(): PrimaryAddress | undefined {
    return this.#rival
  }

  /** Whether nothing that is read here can be older than what another primary has confirmed. */
  get isSure(): boolean {
    const { clock, leaseMs, replication } = this.#options
    if (this.#rival !== undefined || this.#stalls !== this.#clearedStalls) return false
    if (replication.departures !== this.#clearedDepartures) return false
    return clock.monotonicMs() - this.#lookedMs < leaseMs
  }

  /** Whether nobody has become the primary before what was written just now: otherwise `findOut` tells. */
  get isSureOfWrites(): boolean {
    return this.isSure && !this.#hasStrays
  }

  /** It has become a primary just now, or is one no longer: whoever followed it before is no concern. */
  begin(): void {
    this.#beginnings += 1
    this.#known.clear()
    this.#rival = undefined
    this.#hasStrays = false
    this.#clearedStalls = this.#stalls
    this.#clearedDepartures = this.#options.replication.departures
    this.#learnedDepartures = this.#clearedDepartures
    this.#lookedMs = this.#options.clock.monotonicMs()
  }

  /** Once all have answered that had gone before the call, and were asked after it. */
  async findOut(): Promise<void> {
    const beginnings = this.#beginnings
    await this.#asking
    if (this.#rival === undefined && beginnings === this.#beginnings) await this.look()
  }

  /** To be called several times while a lease lasts. */
  async look(): Promise<void> {
    const { clock, leaseMs } = this.#options
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#lookedMs >= leaseMs) this.#stalls += 1
    this.#lookedMs = nowMs
    const linked = this.#learn()
    this.#asking ??= this.#ask(linked).finally(() => {
      this.#asking = undefined
    })
    await this.#asking
  }

  #ask(linked: ReadonlySet<string>): Promise<void> {
    return this.#rival === undefined ? this.#askThose(linked) : this.#askRival(this.#rival)
  }

  /** The names of those that follow it now. */
  #learn(): ReadonlySet<string> {
    const { replication } = this.#options
    // They may have come since the last look as well.
    for (const address of replication.departedSince(this.#learnedDepartures)) this.#know(address)
    this.#learnedDepartures = replication.departures
    const { followers } = replication
    for (const address of followers) this.#know(address)
    for (const name of this.#known.keys()) {
      if (this.#known.size <= KNOWN_MAX) break
      this.#known.delete(name)
    }
    return new Set(followers.map(nameOf))
  }

  #know(address: PrimaryAddress): void {
    const name = nameOf(address)
    this.#known.delete(name)
    this.#known.set(name, { address, silentSinceMs: undefined })
  }

  async #askThose(linked: ReadonlySet<string>): Promise<void> {
    const { departures } = this.#options.replication
    const beginnings = this.#beginnings
    const stalls = this.#stalls
    const isAfterStall = stalls !== this.#clearedStalls
    const asked = [...this.#known].filter(([name]) => isAfterStall || !linked.has(name))
    const found = await Promise.all(asked.map(([, follower]) => this.#askFollower(follower)))
    if (beginnings !== this.#beginnings) return
    const rival = found.find((one) => typeof one === 'object')
    if (rival !== undefined) return this.#changeTo(rival)
    this.#hasStrays = asked.some(([name], at) => found[at] === 'stray' && !linked.has(name))
    if (found.includes('unsure')) return
    this.#clearedDepartures = departures
    this.#clearedStalls = stalls
  }

  async #askFollower(follower: Follower): Promise<PrimaryAddress | 'none' | 'stray' | 'unsure'> {
    const { clock, leaseMs } = this.#options
    const found = await this.#rivalAt(follower.address)
    if (found !== 'silent') {
      follower.silentSinceMs = undefined
      return found === 'unreachable' ? 'none' : found
    }
    const nowMs = clock.monotonicMs()
    follower.silentSinceMs ??= nowMs
    return nowMs - follower.silentSinceMs < SILENT_LEASES * leaseMs ? 'unsure' : 'none'
  }

  /** The one that is asked, or the one it follows. */
  async #rivalAt(address: PrimaryAddress): Promise<PrimaryAddress | 'none' | 'stray' | NoRole> {
    const report = await this.#options.ask(address)
    if (typeof report === 'string') return report
    if (report.follows === undefined) return this.#isRival(address, report) ? address : 'none'
    if (report.replicationId === this.#options.replication.replicationId) {
      return this.#known.has(nameOf(report.follows)) ? 'none' : 'stray'
    }
    const next = await this.#options.ask(report.follows)
    if (typeof next === 'string') return next
    return this.#isRival(report.follows, next) ? report.follows : 'none'
  }

  /**
   * One that was made a primary, with what is here or, when it followed this one, before it had its first copy. One that
   * was started as a primary is none.
   */
  #isRival(address: PrimaryAddress, { follows, formerReplicationId }: RoleReport): boolean {
    if (follows !== undefined || formerReplicationId === undefined) return false
    if (this.#known.has(nameOf(address))) return true
    return formerReplicationId === this.#options.replication.replicationId
  }

  async #askRival(rival: PrimaryAddress): Promise<void> {
    const { ask, clock, leaseMs } = this.#options
    const report = await ask(rival)
    if (rival !== this.#rival) return
    const nowMs = clock.monotonicMs()
    if (typeof report === 'object' && this.#isRival(rival, report)) {
      this.#heardMs = nowMs
      return
    }
    const isLateOnly = typeof report === 'string' && nowMs - this.#heardMs < SILENT_LEASES * leaseMs
    if (!isLateOnly) this.#changeTo(undefined)
  }

  #changeTo(rival: PrimaryAddress | undefined): void {
    this.#rival = rival
    this.#heardMs = this.#options.clock.monotonicMs()
    this.#options.onChange()
  }
}

/** Someone who has followed it. */
interface Follower {
  readonly address: PrimaryAddress
  silentSinceMs: number | undefined
}

function nameOf({ host, port }: PrimaryAddress): string {
  return `${host}:${port}`
}
