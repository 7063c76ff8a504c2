import type { Clock } from '../../shared/clock.ts'
import { Crc64 } from '../structures/crc64.ts'
import { restAfterKeys } from './key-delay.ts'
import type { RdbOutput } from './rdb-output.ts'
import type { SaveTarget } from './save-target.ts'
import type { Snapshot } from './snapshot.ts'

/** One step, when nothing else is to be done; no longer than the rest took, or it would starve. */
const SLICE_MS = 2
const SLICE_MS_MIN = 0.5
/** The rest took no time worth mentioning. */
const IDLE_MS = 0.2
const CHUNK_BYTES = 256 * 1_024
const SUM_BYTES = 8

export interface BackgroundSaveOptions {
  readonly snapshot: Snapshot
  readonly output: RdbOutput
  readonly target: SaveTarget
  readonly clock: Clock
  /** rdbchecksum. */
  readonly hasSum: boolean
  /** rdb-key-save-delay, as it is now. */
  readonly keyDelayUsec: () => number
}

/** Takes a snapshot in slices between turns of the event loop, and hands it on. */
export class BackgroundSave {
  readonly #options: BackgroundSaveOptions
  readonly #sum = new Crc64()
  #isCancelled = false

  constructor(options: BackgroundSaveOptions) {
    this.#options = options
  }

  get keysProcessed(): number {
    return this.#options.snapshot.writer.keyCount
  }

  get keysTotal(): number {
    return this.#options.snapshot.keysTotal
  }

  /** What is written is not wanted any more. */
  cancel(): void {
    this.#isCancelled = true
  }

  /** True once everything is in place, false when it was cancelled. Throws when it could not be written. */
  async run(): Promise<boolean> {
    const { clock, snapshot, target } = this.#options
    let endedMs = clock.monotonicMs()
    while (!snapshot.isDone) {
      const startedMs = clock.monotonicMs()
      this.#step(startedMs, sliceMs(startedMs - endedMs))
      this.#flush(CHUNK_BYTES)
      if (target.isCongested && !this.#isCancelled) await target.drained()
      endedMs = clock.monotonicMs()
      await this.#rest()
    }
    if (snapshot.isAbandoned || this.#isCancelled) {
      await target.discard()
      return false
    }
    this.#writeSum()
    await target.commit()
    return true
  }

  #step(startedMs: number, budgetMs: number): void {
    const { clock, keyDelayUsec, snapshot } = this.#options
    if (keyDelayUsec() > 0 && !this.#isCancelled) snapshot.stepOnce()
    else snapshot.step(() => clock.monotonicMs() - startedMs >= budgetMs)
  }

  #sleptKeys = 0

  async #rest(): Promise<void> {
    const { clock, keyDelayUsec } = this.#options
    const keys = this.keysProcessed - this.#sleptKeys
    this.#sleptKeys = this.keysProcessed
    await restAfterKeys(keys, {
      clock,
      delayUsec: keyDelayUsec,
      isCancelled: () => this.#isCancelled,
    })
  }

  /** What the disk refuses is written no more, but the walk goes on to its end: the marks have to be whole. */
  #flush(bytesMin: number): void {
    const { hasSum, output, target } = this.#options
    if (output.length < bytesMin) return
    if (this.#isCancelled || target.hasFailed) return output.clear()
    const bytes = output.take()
    if (hasSum) this.#sum.update(bytes)
    target.write(bytes)
  }

  #writeSum(): void {
    const { hasSum, target } = this.#options
    this.#flush(1)
    const sum = new Uint8Array(SUM_BYTES)
    if (hasSum) this.#sum.writeTo(sum, 0)
    target.write(sum)
  }
}

function sliceMs(elapsedMs: number): number {
  if (elapsedMs < IDLE_MS) return SLICE_MS
  return Math.max(SLICE_MS_MIN, Math.min(SLICE_MS, elapsedMs))
}
