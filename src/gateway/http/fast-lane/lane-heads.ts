import { hashBytes } from '../../graphql/hash-bytes.ts'
import { WeightedMemo } from '../../graphql/weighted-memo.ts'
import { type LaneHead, readLaneHead } from './lane-head.ts'

export interface LaneHeadsOptions {
  readonly entriesMax: number
  /** Drawn anew in each process, so that no client can aim many heads at one place of the memo. */
  readonly seed: number
}

/** What is remembered may weigh as much as if every head had so many bytes. */
const BYTES_PER_ENTRY = 2_048

interface RememberedHead {
  readonly bytes: Buffer
  readonly head: LaneHead
}

/** Reads each distinct head once: clients send the same one again and again. */
export class LaneHeads {
  readonly #memo: WeightedMemo<number, RememberedHead>
  readonly #seed: number

  constructor({ entriesMax, seed }: LaneHeadsOptions) {
    this.#memo = new WeightedMemo(entriesMax, entriesMax * BYTES_PER_ENTRY)
    this.#seed = seed
  }

  /** `undefined` when the lane must not serve it. What was refused is not remembered. */
  read(bytes: Buffer): LaneHead | undefined {
    const place = hashBytes(bytes, this.#seed)
    const remembered = this.#memo.get(place)
    if (remembered?.bytes.equals(bytes) === true) return remembered.head
    const head = readLaneHead(bytes.toString('latin1'))
    if (head !== undefined) {
      this.#memo.set(place, { bytes: Buffer.copyBytesFrom(bytes), head }, bytes.length)
    }
    return head
  }
}
