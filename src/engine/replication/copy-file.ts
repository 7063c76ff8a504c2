import { readSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { FileWriter } from '../persistence/file-writer.ts'
import type { CopyReader } from './copy-flow.ts'

const PIECE_BYTES = 64 * 1_024

/** A copy on the disk until it is whole: without a name, so that nothing is left when the process ends. */
export class CopyFile {
  readonly #writer: FileWriter
  #file: FileHandle | undefined

  constructor(path: string) {
    this.#writer = new FileWriter(openNameless(path))
  }

  /** Bytes so far. */
  get length(): number {
    return this.#writer.length
  }

  get hasFailed(): boolean {
    return this.#writer.hasFailed
  }

  get isCongested(): boolean {
    return this.#writer.isCongested
  }

  /** The bytes are the file's from now on, until it calls `free` with them. */
  write(bytes: Uint8Array, free: (bytes: Uint8Array) => void): void {
    this.#writer.write(bytes, free)
  }

  drained(): Promise<void> {
    return this.#writer.drained()
  }

  /** All of it can be read. Throws what has gone wrong. */
  async complete(): Promise<void> {
    this.#file = await this.#writer.written()
  }

  close(): Promise<void> {
    this.#file = undefined
    return this.#writer.close()
  }

  /** From the first byte on, once it is complete. What the disk refuses is thrown. */
  reader(): CopyReader {
    let position = 0
    const next = (): Uint8Array | undefined => {
      const piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, this.length - position))
      if (this.#file === undefined || piece.length === 0) return undefined
      const read = readSync(this.#file.fd, piece, 0, piece.length, position)
      if (read === 0) throw new Error('premature EOF')
      position += read
      return piece.subarray(0, read)
    }
    const { length } = this
    return {
      next,
      get isAtEnd() {
        return position === length
      },
    }
  }
}

async function openNameless(path: string): Promise<FileHandle> {
  const file = await open(path, 'wx+', 0o600)
  await rm(path)
  return file
}
