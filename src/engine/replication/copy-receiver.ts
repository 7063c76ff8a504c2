import type { CopyStore } from './copy-store.ts'
import { MARK_BYTES } from './end-mark.ts'

const HEAD = /^\$(?:EOF:(\S{40})\S*|(\d+))$/

/**
 * Takes the copy that follows FULLRESYNC out of the primary's bytes: a length first, or a mark that stands at its end
 * (replication.c, readSyncBulkPayload).
 */
export class CopyReceiver {
  /** Undefined while it is not known: a mark will tell. */
  totalBytes: number | undefined
  receivedBytes = 0
  /** All is there. */
  isComplete = false
  readonly #store: CopyStore
  #mark: Buffer | undefined
  /** The last bytes: among them the mark, in the end. */
  readonly #tail = Buffer.alloc(MARK_BYTES)

  constructor(store: CopyStore) {
    this.#store = store
  }

  get hasEndMark(): boolean {
    return this.#mark !== undefined
  }

  /** The first line; false when it is none. */
  begin(line: string): boolean {
    const head = HEAD.exec(line)
    if (head === null) return false
    const [, mark, length] = head
    if (mark === undefined) this.totalBytes = Number(length)
    else this.#mark = Buffer.from(mark, 'latin1')
    return true
  }

  /** How many of the bytes belong to the copy. Throws when they cannot be kept. */
  receive(bytes: Uint8Array): number {
    const left = (this.totalBytes ?? Number.POSITIVE_INFINITY) - this.receivedBytes
    const taken = Math.min(left, bytes.length)
    this.#store.write(bytes.subarray(0, taken))
    this.receivedBytes += taken
    if (this.#mark !== undefined) this.#remember(bytes)
    return taken
  }

  /** True when all is there; what follows the copy itself has been cut off. */
  finish(): boolean {
    if (this.isComplete) return true
    const isMarked = this.#mark !== undefined && this.#tail.equals(this.#mark)
    if (!isMarked && this.receivedBytes !== this.totalBytes) return false
    this.isComplete = true
    this.#store.complete(isMarked ? this.receivedBytes - MARK_BYTES : this.receivedBytes)
    return true
  }

  #remember(bytes: Uint8Array): void {
    const kept = Math.max(0, MARK_BYTES - bytes.length)
    this.#tail.copyWithin(0, MARK_BYTES - kept)
    this.#tail.set(bytes.subarray(Math.max(0, bytes.length - MARK_BYTES)), kept)
  }
}
