import type { Clock } from '../../shared/clock.ts'
import { restAfterKeys } from './key-delay.ts'
import { InlinePacking, type Packing } from './packing.ts'
import { PackingThread } from './packing-thread.ts'
import { PIECE_BYTES, PieceBuffers } from './piece-buffers.ts'
import type { SaveTarget } from './save-target.ts'
import type { Snapshot } from './snapshot.ts'

/** One step, when nothing else is to be done; no longer than the rest took, or it would starve. */
const SLICE_MS = 2
const SLICE_MS_MIN = 0.5
/** The rest took no time worth mentioning. */
const IDLE_MS = 0.4
/** What is no more than this as a whole is packed sooner than a thread for it has started. */
const INLINE_BYTES_MAX = 32 * 1_024

export interface BackgroundSaveOptions {
  readonly snapshot: Snapshot
  readonly target: SaveTarget
  readonly clock: Clock
  /** rdb-key-save-delay, as it is now. */
  readonly keyDelayUsec: () => number
  /** What runs on the thread that packs and sums up; undefined to do that here. */
  readonly packingProgram: URL | undefined
}

/** Takes a snapshot in slices between turns of the event loop, and hands it on. */
export class BackgroundSave {
  readonly #options: BackgroundSaveOptions
  readonly #buffers = new PieceBuffers()
  /** Begun with the first piece. */
  #packing: Packing | undefined
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
    this.#packing?.cancel()
  }

  /** True once everything is in place, false when it was cancelled. Throws when it could not be written. */
  async run(): Promise<boolean> {
    const { target } = this.#options
    await this.#walk()
    if (this.#isWanted) await this.#complete()
    // Between this and `commit` nothing happens: what was cancelled must not take the place of what came after it.
    if (!this.#isWanted) {
      this.#packing?.cancel()
      await target.discard()
      return false
    }
    await target.commit()
    return true
  }

  get #isWanted(): boolean {
    return !this.#options.snapshot.isAbandoned && !this.#isCancelled
  }

  async #walk(): Promise<void> {
    const { clock, snapshot } = this.#options
    // Who has asked for it is answered first.
    await this.#rest()
    let endedMs = clock.monotonicMs()
    while (!snapshot.isDone) {
      const startedMs = clock.monotonicMs()
      this.#step(startedMs, sliceMs(startedMs - endedMs))
      if (!this.#isCancelled) await this.#drained()
      endedMs = clock.monotonicMs()
      await this.#rest()
    }
  }

  get #isCongested(): boolean {
    return this.#options.target.isCongested || this.#packing?.isCongested === true
  }

  async #drained(): Promise<void> {
    const { target } = this.#options
    if (this.#packing?.isCongested === true) await this.#packing.drained()
    if (target.isCongested) await target.drained()
  }

  async #complete(): Promise<void> {
    const { target } = this.#options
    this.#flush(1)
    try {
      await this.#packing?.end()
    } catch (error) {
      await target.discard()
      throw error
    }
    await target.complete()
  }

  #step(startedMs: number, budgetMs: number): void {
    const { clock, keyDelayUsec, snapshot } = this.#options
    const { output } = snapshot.writer
    const isOver = (): boolean => clock.monotonicMs() - startedMs >= budgetMs
    const isSlow = keyDelayUsec() > 0 && !this.#isCancelled
    do {
      if (isSlow) snapshot.stepOnce()
      else snapshot.step(() => output.length >= PIECE_BYTES || isOver())
      this.#flush(PIECE_BYTES)
    } while (!isSlow && !snapshot.isDone && !isOver() && !this.#isCongested)
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

  /** What is refused is written no more, but the walk goes on to its end: the marks have to be whole. */
  #flush(bytesMin: number): void {
    const { snapshot, target } = this.#options
    const { output, places } = snapshot.writer
    if (output.length < bytesMin) return
    if (this.#isCancelled || target.hasFailed || this.#packing?.hasFailed === true) {
      return output.clear()
    }
    this.#packing ??= this.#newPacking(output.length)
    const piece = {
      places: places?.take(this.#buffers.takePlaces()),
      bytes: output.take(this.#buffers.takeBytes()),
    }
    this.#packing.add(piece)
  }

  #newPacking(bytes: number): Packing {
    const { packingProgram, snapshot, target } = this.#options
    const { places, sum } = snapshot.writer
    const options = { target, buffers: this.#buffers, sum }
    const isNothing = places === undefined && sum?.isWanted !== true
    return isNothing || bytes <= INLINE_BYTES_MAX || packingProgram === undefined
      ? new InlinePacking(options)
      : new PackingThread(options, packingProgram)
  }
}

function sliceMs(elapsedMs: number): number {
  if (elapsedMs < IDLE_MS) return SLICE_MS
  return Math.max(SLICE_MS_MIN, Math.min(SLICE_MS, elapsedMs))
}
