import { closeSync, fsyncSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import type { ByteSource } from '../persistence/rdb-input.ts'

/** Where a copy is put until it is there as a whole. */
export interface CopyStore {
  /** Keeps the bytes, which are the caller's. Throws when the disk refuses. */
  write(bytes: Uint8Array): void
  /** Only the first `length` bytes are the copy. */
  cut(length: number): void
  /** Reads it from the start. */
  source(): ByteSource
  /** It is not wanted any more. */
  discard(): void
}

/** In memory: nothing is written to the disk of a replica that loads without (repl-diskless-load). */
export class MemoryCopyStore implements CopyStore {
  readonly #pieces: Buffer[] = []
  #length = 0

  write(bytes: Uint8Array): void {
    this.#pieces.push(Buffer.from(bytes))
    this.#length += bytes.length
  }

  cut(length: number): void {
    this.#length = length
  }

  /** Lets go of what has been read. */
  source(): ByteSource {
    const pieces = this.#pieces
    let left = this.#length
    let at = 0
    return {
      read: (target, start, length) => {
        const piece = pieces[0]
        if (piece === undefined || left === 0) return 0
        const taken = Math.min(length, left, piece.length - at)
        target.set(piece.subarray(at, at + taken), start)
        at += taken
        left -= taken
        if (at === piece.length) {
          pieces.shift()
          at = 0
        }
        return taken
      },
    }
  }

  discard(): void {
    this.#pieces.length = 0
    this.#length = 0
  }
}

/** In a file. */
export class FileCopyStore implements CopyStore {
  readonly path: string
  #descriptor: number | undefined

  /** Throws when the file cannot be made. */
  constructor(path: string) {
    this.path = path
    this.#descriptor = openSync(path, 'w+', 0o644)
  }

  write(bytes: Uint8Array): void {
    if (this.#descriptor === undefined) return
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
  }

  cut(length: number): void {
    if (this.#descriptor !== undefined) ftruncateSync(this.#descriptor, length)
  }

  source(): ByteSource {
    const descriptor = this.#descriptor
    let position = 0
    return {
      read: (target, start, length) => {
        if (descriptor === undefined) return 0
        const read = readSync(descriptor, target, start, length, position)
        position += read
        return read
      },
    }
  }

  /** On the disk for good, to be given another name. */
  sync(): void {
    if (this.#descriptor !== undefined) fsyncSync(this.#descriptor)
  }

  /** Done with: the file stays. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  discard(): void {
    this.close()
    rmSync(this.path, { force: true })
  }
}
