import type { SnapshotPiece } from './piece-copy.ts'

export const PIECE_BYTES = 256 * 1_024
/** A piece, and the last value of it. */
const BUFFER_BYTES = PIECE_BYTES + 64 * 1_024
/** Values of 100 KiB make a buffer as large as that; one that has become larger is not kept. */
const BUFFER_BYTES_KEPT = 1_024 * 1_024
/** Of strings of 64 bytes. */
const PLACES = 8 * 1_024

/**
 * Memory of a snapshot's pieces, to be written into again. New memory for each piece would be so much beside V8's own
 * that it collected all its garbage every few pieces: pauses of 5 ms and more (Node.js 20.20, November 2026).
 */
export class PieceBuffers {
  readonly #bytes: Uint8Array[] = []
  readonly #places: Uint32Array[] = []

  takeBytes(): Uint8Array {
    return this.#bytes.pop() ?? new Uint8Array(BUFFER_BYTES)
  }

  takePlaces(): Uint32Array {
    return this.#places.pop() ?? new Uint32Array(PLACES)
  }

  give({ bytes, places }: SnapshotPiece): void {
    this.giveBytes(bytes)
    if (places?.buffer.byteLength === PLACES * Uint32Array.BYTES_PER_ELEMENT) {
      this.#places.push(new Uint32Array(places.buffer))
    }
  }

  /** None is kept that is too small for a piece, as the first one is, or too large. */
  readonly giveBytes = ({ buffer }: Uint8Array): void => {
    const { byteLength } = buffer
    if (byteLength < BUFFER_BYTES || byteLength > BUFFER_BYTES_KEPT) return
    this.#bytes.push(new Uint8Array(buffer))
  }
}
