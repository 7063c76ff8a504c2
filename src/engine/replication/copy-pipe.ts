import type { ByteSource } from '../persistence/rdb-input.ts'
import type { CopyStore } from './copy-store.ts'

/** So much waits to be loaded before the primary is to wait. */
const WAITING_BYTES_MAX = 1_024 * 1_024

/** A copy that is loaded while it comes, and never lies anywhere as a whole (repl-diskless-load). */
export class CopyPipe implements CopyStore, ByteSource {
  readonly #pieces: Buffer[] = []
  /** Bytes of the first piece that have been read. */
  #at = 0
  #waitingBytes = 0
  #passedBytes = 0
  /** Who loads waits for so many. */
  #wantedBytes = 0
  #onArrival: (() => void) | undefined
  #onRoom: () => void = () => undefined
  /** More may come. */
  isOpen = true

  /** Bytes that have come so far. */
  get arrivedBytes(): number {
    return this.#passedBytes + this.#waitingBytes
  }

  /** Nothing more is to come for now: `onRoom` tells when it may. */
  get isFull(): boolean {
    return this.#waitingBytes >= Math.max(WAITING_BYTES_MAX, this.#wantedBytes)
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener
  }

  write(bytes: Uint8Array): void {
    if (!this.isOpen || bytes.length === 0) return
    this.#pieces.push(Buffer.from(bytes))
    this.#waitingBytes += bytes.length
    if (this.#waitingBytes >= this.#wantedBytes) this.#tellArrival()
  }

  complete(length: number): void {
    this.#waitingBytes = Math.max(0, length - this.#passedBytes)
    this.#end()
  }

  source(): ByteSource {
    return this
  }

  read(target: Uint8Array, start: number, length: number): number {
    const piece = this.#pieces[0]
    if (piece === undefined || this.#waitingBytes === 0) return 0
    const taken = Math.min(length, this.#waitingBytes, piece.length - this.#at)
    target.set(piece.subarray(this.#at, this.#at + taken), start)
    this.#at += taken
    if (this.#at === piece.length) {
      this.#pieces.shift()
      this.#at = 0
    }
    this.#pass(taken)
    return taken
  }

  /** Resolves once so many bytes wait to be read, or nothing more comes. */
  async arrival(bytes: number): Promise<void> {
    this.#wantedBytes = bytes
    if (!this.isOpen || this.#waitingBytes >= bytes) return
    const arrived = new Promise<void>((resolve) => {
      this.#onArrival = resolve
    })
    // What is wanted may be more than what otherwise waits at most.
    this.#onRoom()
    await arrived
  }

  /** What waits is of no interest. */
  skip(): void {
    this.#pieces.length = 0
    this.#at = 0
    this.#pass(this.#waitingBytes)
  }

  discard(): void {
    this.skip()
    this.#end()
  }

  #pass(bytes: number): void {
    const wasFull = this.isFull
    this.#passedBytes += bytes
    this.#waitingBytes -= bytes
    if (wasFull && !this.isFull) this.#onRoom()
  }

  #end(): void {
    this.isOpen = false
    this.#tellArrival()
  }

  #tellArrival(): void {
    this.#onArrival?.()
    this.#onArrival = undefined
  }
}
