interface CopyPiece {
  readonly bytes: Uint8Array
  next: CopyPiece | undefined
}

/** A replica's place in a copy. */
export interface CopyReader {
  /** Undefined when all that is there has been read. */
  next(): Uint8Array | undefined
  /** All has been read, and nothing more comes. */
  readonly isAtEnd: boolean
}

/**
 * A copy's bytes in the order they come into being, once for all who get it. Whoever reads holds its place, and with it
 * only what it has not read.
 */
export class CopyFlow {
  #last: CopyPiece = { bytes: new Uint8Array(0), next: undefined }
  /** Bytes so far. */
  length = 0
  isComplete = false

  /** The bytes are the flow's from now on. */
  append(bytes: Uint8Array): void {
    const piece = { bytes, next: undefined }
    this.#last.next = piece
    this.#last = piece
    this.length += bytes.length
  }

  /** Nothing comes any more. */
  complete(): void {
    this.isComplete = true
  }

  /** From here on. */
  reader(): FlowReader {
    return new FlowReader(this, this.#last, this.length)
  }
}

export class FlowReader implements CopyReader {
  readonly #flow: CopyFlow
  #piece: CopyPiece
  #readBytes: number

  constructor(flow: CopyFlow, piece: CopyPiece, readBytes: number) {
    this.#flow = flow
    this.#piece = piece
    this.#readBytes = readBytes
  }

  /** Bytes that are there and have not been read. */
  get waitingBytes(): number {
    return this.#flow.length - this.#readBytes
  }

  /** All has been read, and nothing more comes. */
  get isAtEnd(): boolean {
    return this.#flow.isComplete && this.waitingBytes === 0
  }

  next(): Uint8Array | undefined {
    const piece = this.#piece.next
    if (piece === undefined) return undefined
    this.#piece = piece
    this.#readBytes += piece.bytes.length
    return piece.bytes
  }
}
