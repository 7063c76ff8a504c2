import type { ArgumentVector } from '../protocol/argument-vector.ts'

/** A command that does again what was done, wherever and whenever it runs. */
export type Effect = readonly (string | number | Uint8Array)[]

/**
 * What hears of every effect, in order: a log, a replica's stream. Keeps no part without copying it. The MULTI and
 * EXEC around effects of one command or transaction come with the database of the first and of the last, so that
 * no SELECT stands between them and these.
 */
export type PropagationSink = (databaseIndex: number, effect: Effect) => void

/** A log hears of changes to keys only, a replica of messages, too. */
export type SinkKind = 'log' | 'replica'

/** Bits of an audience, as redis.set_repl counts them. */
export const AUDIENCE = { none: 0, log: 1, replica: 2, all: 3 } as const

interface HeldEffect {
  readonly databaseIndex: number
  readonly effect: Effect
  readonly audience: number
}

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
  #held: HeldEffect[] = []
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
    const effect: Uint8Array[] = []
    for (let index = 0; index < argv.count; index += 1) effect.push(argv.view(index))
    this.#add(databaseIndex, effect, this.audience)
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
    if (this.#isInterrupted) return
    this.#isHolding = false
    if (this.#held.length > 0) this.#tellHeld(isOne)
  }

  /** A script stops in the middle, or goes on: until it has ended nothing is released. */
  interrupt(isInterrupted: boolean): void {
    this.#isInterrupted = isInterrupted
  }

  #add(databaseIndex: number, effect: Effect, audience: number): void {
    if (this.#isHolding) {
      this.#held.push({ databaseIndex, effect: effect.map(kept), audience })
      return
    }
    for (const [sink, kind] of this.#sinks) {
      if ((audience & AUDIENCE[kind]) !== 0) sink(databaseIndex, effect)
    }
  }

  #tellHeld(isOne: boolean): void {
    const held = this.#held
    this.#held = []
    for (const [sink, kind] of this.#sinks) {
      tell(
        sink,
        held.filter(({ audience }) => (audience & AUDIENCE[kind]) !== 0),
        isOne,
      )
    }
  }
}

function tell(sink: PropagationSink, held: readonly HeldEffect[], isOne: boolean): void {
  const first = held[0]?.databaseIndex ?? 0
  const last = held.at(-1)?.databaseIndex ?? 0
  if (isOne && held.length > 1) sink(first, MULTI)
  for (const { databaseIndex, effect } of held) sink(databaseIndex, effect)
  if (isOne && held.length > 1) sink(last, EXEC)
}

const MULTI: Effect = ['MULTI']
const EXEC: Effect = ['EXEC']

/** The bytes of arguments and of keys in the slab change before they are told. */
function kept(part: string | number | Uint8Array): string | number | Uint8Array {
  return part instanceof Uint8Array ? Buffer.from(part) : part
}
