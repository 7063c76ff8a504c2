/** What an element takes beside its bytes, in bytes that could be written in the same time. */
const ELEMENT_BYTES = 16

/** Tells when a piece of a value is as large as pieces are to be. */
export class PieceMeter {
  readonly #pieceBytes: number
  #left = 0

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes
  }

  start(): void {
    this.#left = this.#pieceBytes
  }

  /** An element of so many bytes has been written: true when the piece ends with it, and another one begins. */
  endsWith(bytes: number): boolean {
    this.#left -= bytes + ELEMENT_BYTES
    if (this.#left > 0) return false
    this.#left = this.#pieceBytes
    return true
  }
}
