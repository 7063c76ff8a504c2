import { closeSync, fsyncSync, ftruncateSync, openSync, readSync, rmSync } from 'node:fs'
import { writeAllSync } from '../persistence/durable-file.ts'
import type { ByteSource } from '../persistence/rdb-input.ts'
import { CopySum } from './copy-sum.ts'

/** Where the bytes of a copy go. */
export interface CopyStore {
  /** Keeps the bytes, which are the caller's. Throws when the disk refuses. */
  write(bytes: Uint8Array): void
  /** All has come: the first `length` bytes are the copy. Throws when they cannot be. */
  complete(length: number): void
  /** Reads it from the start. */
  source(): ByteSource
  /** It is not wanted any more. */
  discard(): void
}

/** In a file, until it is there as a whole. */
export class FileCopyStore implements CopyStore {
  readonly path: string
  #descriptor: number | undefined
  readonly #sum: CopySum | undefined
  #writtenBytes = 0

  /** Throws when the file cannot be made. `checksSum`: a copy whose sum is wrong is none. */
  constructor(path: string, checksSum: boolean) {
    this.path = path
    this.#sum = checksSum ? new CopySum() : undefined
    try {
      this.#descriptor = openSync(path, 'w+', 0o644)
    } catch (error) {
      throw failure('Opening the temp file needed for MASTER <-> REPLICA synchronization', error)
    }
  }

  write(bytes: Uint8Array): void {
    if (this.#descriptor === undefined) return
    try {
      writeAllSync(this.#descriptor, bytes)
      this.#writtenBytes += bytes.length
      this.#sum?.add(bytes)
    } catch (error) {
      const what = 'Write error or short write writing to the DB dump file needed for'
      throw failure(`${what} MASTER <-> REPLICA synchronization`, error)
    }
  }

  complete(length: number): void {
    if (this.#descriptor === undefined) return
    ftruncateSync(this.#descriptor, length)
    if (this.#sum?.isRight(this.#writtenBytes - length) === false) {
      throw new Error('Wrong RDB checksum in the copy of MASTER: it is not loaded')
    }
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

  discard(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
    rmSync(this.path, { force: true })
  }
}

function failure(what: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Error(`${what}: ${why}`, { cause })
}
