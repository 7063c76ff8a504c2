import type { ArgumentVector } from '../protocol/argument-vector.ts'
import { CommandEncoder, encodeCommand } from '../protocol/command-encoder.ts'

/** A command that does again what was done, wherever and whenever it runs. */
export type Effect = readonly (string | number | Uint8Array)[]

/**
 * What hears of every effect, in order: a log, a replica's stream. The effect is bytes[start, end), worded as clients
 * send commands; they are written over afterwards. The MULTI and EXEC around effects of one command or transaction
 * come with the database of the first and of the last, so that no SELECT stands between them and these.
 */
export type PropagationSink = (
  databaseIndex: number,
  bytes: Uint8Array,
  start: number,
  end: number,
) => void

/** A log hears of changes to keys only, a replica of messages, too. */
export type SinkKind = 'log' | 'replica'

/** Room for the places of so many effects is kept; a script may have had millions. */
const PLACES_KEPT = 1_024

/** Bits of an audience, as redis.set_repl counts them. */
export const AUDIENCE = { none: 0, log: 1, replica: 2, all: 3 } as const

/**
 * Hands what commands did to the sinks. All that one command, transaction or script did stays together: two effects
 * or more are told between MULTI and EXEC.
 */
export class Propagation {
  /** Changes since the start: INFO's rdb_changes_since_last_save. */
  changes = 0
  /** Where the replication stream ends. */
  streamOffset = 0
  /** Who is told of effects from now on: bits of AUDIENCE. A script chooses for itself. */
  audience: number = AUDIENCE.all
  /** While something runs that may have more than one effect. */
  #isHolding = false
  /** What runs has stopped in the middle, and goes on later. */
  #isInterrupted = false
  /** Several commands belong together, though no command of theirs says so. */
  #isInStep = false
  /** Effects that have not been told yet, in bytes once for all who hear of them. */
  readonly #held = new CommandEncoder()
  #heldCount = 0
  /** Of each: its database, its audience, and where it ends. */
  readonly #databases: number[] = []
  readonly #audiences: number[] = []
  readonly #ends: number[] = []
  readonly #sinks: (readonly [sink: PropagationSink, kind: SinkKind])[] = []

  get isHeard(): boolean {
    return this.#sinks.length > 0
  }

  addSink(sink: PropagationSink, kind: SinkKind): void {
    this.#sinks.push([sink, kind])
  }

  removeSink(sink: PropagationSink): void {
    const at = this.#sinks.findIndex(([known]) => known === sink)
    if (at >= 0) this.#sinks.splice(at, 1)
  }

  asReceived(databaseIndex: number, argv: ArgumentVector): void {
    this.changes += 1
    if (!this.isHeard) return
    this.#held.received(argv)
    this.#added(databaseIndex, this.audience)
  }

  emit(databaseIndex: number, effect: Effect): void {
    this.changes += 1
    if (this.isHeard) this.#add(databaseIndex, effect, this.audience)
  }

  /** A key went by itself: nobody changed it, but all are to see it go. */
  removed(databaseIndex: number, key: Uint8Array): void {
    if (this.isHeard) this.#add(databaseIndex, ['DEL', key], AUDIENCE.all)
  }

  /** What replicas are to do as well, though no key has changed, and no log needs: PUBLISH. */
  message(databaseIndex: number, effect: Effect): void {
    if (this.isHeard) this.#add(databaseIndex, effect, this.audience & AUDIENCE.replica)
  }

  /** Effects from now on belong together, until `release`. */
  hold(): void {
    this.#isHolding = true
  }

  /** `isOne` false: each for itself. */
  release(isOne = true): void {
    if (this.#isInterrupted || this.#isInStep) return
    this.#isHolding = false
    if (this.#heldCount > 0) this.#tell(isOne)
  }

  /** A script stops in the middle, or goes on: until it has ended nothing is released. */
  interrupt(isInterrupted: boolean): void {
    this.#isInterrupted = isInterrupted
  }

  /** Effects of all commands from now on belong together, until `endStep`. */
  beginStep(): void {
    this.#isInStep = true
    this.#isHolding = true
  }

  endStep(): void {
    this.#isInStep = false
    this.release()
  }

  #add(databaseIndex: number, effect: Effect, audience: number): void {
    this.#held.command(effect)
    this.#added(databaseIndex, audience)
  }

  #added(databaseIndex: number, audience: number): void {
    const index = this.#heldCount
    this.#databases[index] = databaseIndex
    this.#audiences[index] = audience
    this.#ends[index] = this.#held.length
    this.#heldCount = index + 1
    if (!this.#isHolding) this.#tell(false)
  }

  #tell(isOne: boolean): void {
    for (const [sink, kind] of this.#sinks) this.#tellSink(sink, AUDIENCE[kind], isOne)
    this.#heldCount = 0
    this.#held.clear()
    if (this.#ends.length > PLACES_KEPT) {
      this.#databases.length = 0
      this.#audiences.length = 0
      this.#ends.length = 0
    }
  }

  #tellSink(sink: PropagationSink, kind: number, isOne: boolean): void {
    const { bytes } = this.#held
    let count = 0
    let first = 0
    let last = 0
    for (let index = 0; index < this.#heldCount; index += 1) {
      if (((this.#audiences[index] ?? 0) & kind) === 0) continue
      if (count === 0) first = index
      last = index
      count += 1
    }
    const isBracketed = isOne && count > 1
    if (isBracketed) sink(this.#databases[first] ?? 0, MULTI, 0, MULTI.length)
    for (let index = first; count > 0 && index <= last; index += 1) {
      if (((this.#audiences[index] ?? 0) & kind) === 0) continue
      const start = index === 0 ? 0 : (this.#ends[index - 1] ?? 0)
      sink(this.#databases[index] ?? 0, bytes, start, this.#ends[index] ?? 0)
    }
    if (isBracketed) sink(this.#databases[last] ?? 0, EXEC, 0, EXEC.length)
  }
}

const MULTI = encodeCommand(['MULTI'])
const EXEC = encodeCommand(['EXEC'])
