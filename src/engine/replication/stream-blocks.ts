const BLOCK_BYTES_MIN = 16 * 1_024
const BLOCK_BYTES_MAX = 1_024 * 1_024
/** Blocks of so much of the backlog: letting go of one never loses much. */
const BLOCKS_PER_BACKLOG = 16

/** A piece of the stream. Bytes are only ever added behind `used`, so that who reads need not copy. */
export interface StreamBlock {
  readonly bytes: Uint8Array
  /** The offset of its first byte. */
  readonly offset: number
  used: number
  next: StreamBlock | undefined
}

/**
 * The bytes of the replication stream, one copy for the backlog and all replicas: a chain of blocks. The backlog holds
 * the first one it may need; a replica that is behind holds its own, and with it all that follow.
 */
export class StreamBlocks {
  /** repl-backlog-size: at least so much is kept once it is there. */
  backlogBytesMax: number
  /** The offset of the last byte; the first one ever is 1. */
  end: number
  #first: StreamBlock
  #last: StreamBlock

  constructor(backlogBytesMax: number, end: number) {
    this.backlogBytesMax = backlogBytesMax
    this.end = end
    this.#first = this.#newBlock(0)
    this.#last = this.#first
  }

  /** The offset of the first byte that is kept; of the next one while none is. */
  get start(): number {
    return this.#first.offset
  }

  get length(): number {
    return this.end + 1 - this.start
  }

  /** Copies the bytes. */
  append(bytes: Uint8Array, start: number, length: number): void {
    let at = start
    const end = start + length
    while (at < end) {
      if (this.#last.used === this.#last.bytes.length) this.#addBlock(end - at)
      const block = this.#last
      const taken = Math.min(end - at, block.bytes.length - block.used)
      block.bytes.set(bytes.subarray(at, at + taken), block.used)
      block.used += taken
      this.end += taken
      at += taken
    }
    this.trim()
  }

  /** Whether who has all before `offset` can go on from here. */
  has(offset: number): boolean {
    return offset >= this.start && offset <= this.end + 1
  }

  /** Reads from `offset` on, which `has` has said is there. */
  readerAt(offset: number): StreamReader {
    let block = this.#first
    while (block.next !== undefined && block.offset + block.used <= offset) block = block.next
    return new StreamReader(this, block, offset)
  }

  /** Lets go of what is more than the backlog's size. */
  trim(): void {
    while (this.#first.next !== undefined) {
      if (this.length - this.#first.used < this.backlogBytesMax) return
      this.#first = this.#first.next
    }
  }

  #addBlock(wanted: number): void {
    const block = this.#newBlock(wanted)
    this.#last.next = block
    this.#last = block
  }

  #newBlock(wanted: number): StreamBlock {
    const size = Math.max(wanted, Math.floor(this.backlogBytesMax / BLOCKS_PER_BACKLOG))
    const capacity = Math.min(BLOCK_BYTES_MAX, Math.max(BLOCK_BYTES_MIN, size))
    return { bytes: new Uint8Array(capacity), offset: this.end + 1, used: 0, next: undefined }
  }
}

/** A replica's place in the stream. */
export class StreamReader {
  readonly #blocks: StreamBlocks
  #block: StreamBlock
  /** Of the next byte. */
  offset: number

  constructor(blocks: StreamBlocks, block: StreamBlock, offset: number) {
    this.#blocks = blocks
    this.#block = block
    this.offset = offset
  }

  /** Bytes that are there and have not been read. */
  get waitingBytes(): number {
    return this.#blocks.end + 1 - this.offset
  }

  /** Another one at the same place, however far the backlog has gone on. */
  branch(): StreamReader {
    return new StreamReader(this.#blocks, this.#block, this.offset)
  }

  /** The next piece where it lies, or undefined when all has been read. */
  next(): Uint8Array | undefined {
    if (this.waitingBytes === 0) return undefined
    let block = this.#block
    while (block.next !== undefined && block.offset + block.used <= this.offset) block = block.next
    this.#block = block
    const piece = block.bytes.subarray(this.offset - block.offset, block.used)
    this.offset += piece.length
    return piece
  }
}
