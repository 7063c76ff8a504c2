import type { RdbOutput } from './rdb-output.ts'

/** A part of a snapshot in which strings stand as they are that may be packed. */
export interface SnapshotPiece {
  readonly bytes: Uint8Array
  /** As `StringPlaces` has them; undefined where there are none. */
  readonly places: Uint32Array | undefined
}

/** How far a piece has been copied to an output, which packs its strings or notes them again. */
export class PieceCopy {
  /** Bytes of the piece that have been copied. */
  length = 0
  #place = 0

  /** So many more, if there are, and to the end of a string. The piece may have grown since the last step. */
  step({ bytes, places }: SnapshotPiece, output: RdbOutput, bytesMax: number): void {
    const end = Math.min(this.length + bytesMax, bytes.length)
    while (this.length < end) {
      const start = places?.[this.#place] ?? bytes.length
      if (this.length === start) {
        const length = places?.[this.#place + 1] ?? 0
        output.longString(bytes, start, length)
        this.length += length
        this.#place += 2
      } else {
        const between = Math.min(start, end) - this.length
        output.raw(bytes, this.length, between)
        this.length += between
      }
    }
  }
}
