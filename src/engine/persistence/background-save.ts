import type { Clock } from '../../shared/clock.ts'
import { restAfterKeys } from './key-delay.ts'
import type { SaveTarget } from './save-target.ts'
import type { Snapshot } from './snapshot.ts'

/** One step, when nothing else is to be done; no longer than the rest took, or it would starve. */
const SLICE_MS = 2
const SLICE_MS_MIN = 0.5
/** The rest took no time worth mentioning. */
const IDLE_MS = 0.2
const CHUNK_BYTES = 256 * 1_024
/** A piece, and the last value of it. */
const BUFFER_BYTES = CHUNK_BYTES + 64 * 1_024

export interface BackgroundSaveOptions {
  readonly snapshot: Snapshot
  readonly target: SaveTarget
  readonly clock: Clock
  /** rdb-key-save-delay, as it is now. */
  readonly keyDelayUsec: () => number
}

/** Takes a snapshot in slices between turns of the event loop, and hands it on. */
export class BackgroundSave {
  readonly #options: BackgroundSaveOptions
  /**
   * Buffers to be written into again. New ones for each piece would be so much memory beside V8's own that it collected
   * all its garbage every few pieces: pauses of 5 ms and more (Node.js 20.20, November 2026).
   */
  readonly #spares: Uint8Array[] = []
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
      if (target.isCongested && !this.#isCancelled) await target.drained()
      endedMs = clock.monotonicMs()
      await this.#rest()
    }
    if (!snapshot.isAbandoned && !this.#isCancelled) {
      this.#writeEnd()
      await target.complete()
    }
    // Between this and `commit` nothing happens: what was cancelled must not take the place of what came after it.
    if (snapshot.isAbandoned || this.#isCancelled) {
      await target.discard()
      return false
    }
    await target.commit()
    return true
  }

  #step(startedMs: number, budgetMs: number): void {
    const { clock, keyDelayUsec, snapshot } = this.#options
    const { output } = snapshot.writer
    const isOver = (): boolean => clock.monotonicMs() - startedMs >= budgetMs
    const isSlow = keyDelayUsec() > 0 && !this.#isCancelled
    do {
      if (isSlow) snapshot.stepOnce()
      else snapshot.step(() => output.length >= CHUNK_BYTES || isOver())
      this.#flush(CHUNK_BYTES)
    } while (!isSlow && !snapshot.isDone && !isOver())
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
    const { snapshot, target } = this.#options
    const { output, sum } = snapshot.writer
    if (output.length < bytesMin) return
    if (this.#isCancelled || target.hasFailed) return output.clear()
    const bytes = output.take(this.#spares.pop() ?? new Uint8Array(BUFFER_BYTES))
    sum?.update(bytes)
    target.write(bytes, this.#free)
  }

  /** One that a large value has made larger is not kept. */
  readonly #free = ({ buffer }: Uint8Array): void => {
    if (buffer.byteLength === BUFFER_BYTES) this.#spares.push(new Uint8Array(buffer))
  }

  #writeEnd(): void {
    const { snapshot, target } = this.#options
    this.#flush(1)
    const { sum } = snapshot.writer
    if (sum !== undefined) target.write(sum.spelled(), this.#free)
  }
}

function sliceMs(elapsedMs: number): number {
  if (elapsedMs < IDLE_MS) return SLICE_MS
  return Math.max(SLICE_MS_MIN, Math.min(SLICE_MS, elapsedMs))
}
