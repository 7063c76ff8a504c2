import type { Clock } from '../../shared/clock.ts'
import { TwoGenerationMap } from '../../shared/two-generation-map.ts'
import type { Procedure, ProcedureArgument, ProcedureDatabase } from '../../store/index.ts'

interface Held {
  readonly value: Buffer
  expiresAtMs: number
}

/** Subjects that are counted in this process at once, at least; of more, those that asked last. */
const KEYS_MAX = 10_000

/** Limits in the memory of this process, for as long as the store fails: the same procedures on another database. */
export class LocalLimits {
  readonly #database: MemoryDatabase

  constructor(clock: Clock) {
    this.#database = new MemoryDatabase(clock)
  }

  run<Result>(
    procedure: Procedure<Result>,
    keys: readonly Buffer[],
    args: readonly ProcedureArgument[],
  ): Result {
    return procedure.decode(procedure.run(this.#database, keys, args))
  }
}

class MemoryDatabase implements ProcedureDatabase {
  readonly #clock: Clock
  readonly #values = new TwoGenerationMap<string, Held>(KEYS_MAX)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Never goes back, and nobody else's clock is to be matched. */
  nowMs(): number {
    return Math.floor(this.#clock.monotonicMs()) + EPOCH_MS
  }

  get(key: Buffer): Buffer | undefined {
    return this.#held(key)?.value
  }

  set(key: Buffer, value: Uint8Array, ttlMs = Number.POSITIVE_INFINITY): void {
    const held = { value: Buffer.from(value), expiresAtMs: this.nowMs() + ttlMs }
    this.#values.set(key.toString('latin1'), held)
  }

  setRange(key: Buffer, offset: number, bytes: Uint8Array): void {
    const held = this.#held(key)
    if (held !== undefined) held.value.set(bytes, offset)
  }

  expire(key: Buffer, ttlMs: number): void {
    const held = this.#held(key)
    if (held !== undefined) held.expiresAtMs = this.nowMs() + ttlMs
  }

  delete(key: Buffer): boolean {
    const isHeld = this.#held(key) !== undefined
    this.#values.delete(key.toString('latin1'))
    return isHeld
  }

  #held(key: Buffer): Held | undefined {
    const held = this.#values.get(key.toString('latin1'))
    return held === undefined || held.expiresAtMs < this.nowMs() ? undefined : held
  }
}

/** A window that begins at 0 has slots before it. */
const EPOCH_MS = 1_000_000_000_000
