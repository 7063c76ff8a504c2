import { FrequencySketch } from './frequency-sketch.ts'
import type { MemoryGauge } from './memory-gauge.ts'

export interface AdmissionOptions {
  readonly memory: MemoryGauge
  /** An answer of so many bytes counts as one. */
  readonly sizeStep: number
}

/** More than the sketch can tell would never be admitted. */
const ASKS_MAX = 15

/**
 * What may be kept while the memory of the store is short, where each entry displaces another: what was asked for
 * at least twice of late, and once more for each further step of its size. One that nobody asks for again costs
 * what others are asked for, and a large one costs many of them.
 *
 * Only misses are counted, and refreshes behind a hit: a hit costs nothing here.
 */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #frequencies = new FrequencySketch()

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  get memory(): MemoryGauge {
    return this.#options.memory
  }

  /** A request found no fresh entry under this digest, or is about to have it renewed. */
  asked(digest: Buffer): void {
    this.#frequencies.add(digest)
  }

  admits(digest: Buffer, bytes: number): boolean {
    const { memory, sizeStep } = this.#options
    if (!memory.isShort()) return true
    const needed = Math.min(ASKS_MAX, 1 + Math.max(1, Math.ceil(bytes / sizeStep)))
    return this.#frequencies.count(digest) >= needed
  }
}
