import type { PieceBuffers } from './piece-buffers.ts'
import type { SnapshotPiece } from './piece-copy.ts'
import { PiecePacker } from './piece-packer.ts'
import type { RdbSum } from './rdb-sum.ts'
import type { SaveTarget } from './save-target.ts'

/** Packs the pieces of a snapshot, and hands them to the target in their order, with what stands behind them. */
export interface Packing {
  /** What is added is of no use any more: `end` tells why. */
  readonly hasFailed: boolean
  /** More than may wait has been added. */
  readonly isCongested: boolean
  /** Its memory is the packing's from now on. */
  add(piece: SnapshotPiece): void
  /** Resolves when more may come. */
  drained(): Promise<void>
  /** Nothing more comes. Resolves when the target has been handed everything, or after `cancel`. Throws why it cannot be. */
  end(): Promise<void>
  /** Nothing of it is wanted any more. */
  cancel(): void
}

export interface PackingOptions {
  readonly target: SaveTarget
  readonly buffers: PieceBuffers
  /** Undefined where none stands at the end. */
  readonly sum: RdbSum | undefined
}

/** At once, in the thread that adds. */
export class InlinePacking implements Packing {
  readonly hasFailed = false
  readonly isCongested = false
  readonly #target: SaveTarget
  readonly #buffers: PieceBuffers
  readonly #sum: RdbSum | undefined
  readonly #packer: PiecePacker

  constructor({ target, buffers, sum }: PackingOptions) {
    this.#target = target
    this.#buffers = buffers
    this.#sum = sum
    this.#packer = new PiecePacker(sum)
  }

  add(piece: SnapshotPiece): void {
    if (piece.places === undefined) return this.#write(this.#packer.pack(piece, piece.bytes))
    this.#write(this.#packer.pack(piece, this.#buffers.takeBytes()))
    this.#buffers.give(piece)
  }

  drained(): Promise<void> {
    return Promise.resolve()
  }

  end(): Promise<void> {
    if (this.#sum !== undefined) this.#write(this.#sum.spelled())
    return Promise.resolve()
  }

  cancel(): void {
    return
  }

  #write(bytes: Uint8Array): void {
    this.#target.write(bytes, this.#buffers.giveBytes)
  }
}
