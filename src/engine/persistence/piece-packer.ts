import { PieceCopy, type SnapshotPiece } from './piece-copy.ts'
import { RdbOutput } from './rdb-output.ts'
import type { RdbSum } from './rdb-sum.ts'

const NO_BYTES = new Uint8Array(0)

/** Packs the pieces of a snapshot one after the other and sums them up: the same bytes as if they had been packed at once. */
export class PiecePacker {
  readonly #output = new RdbOutput()
  readonly #sum: RdbSum | undefined

  constructor(sum: RdbSum | undefined) {
    this.#sum = sum
  }

  /** In `into`, if it is large enough; the piece's own bytes where it has no strings to be packed. */
  pack(piece: SnapshotPiece, into: Uint8Array): Uint8Array {
    const packed = piece.places === undefined ? piece.bytes : this.#packed(piece, into)
    this.#sum?.update(packed)
    return packed
  }

  #packed(piece: SnapshotPiece, into: Uint8Array): Uint8Array {
    this.#output.take(into)
    new PieceCopy().step(piece, this.#output, piece.bytes.length)
    return this.#output.take(NO_BYTES)
  }
}
