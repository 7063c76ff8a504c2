import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { ByteSource } from './rdb-input.ts'

/** Reads a file from its start. */
export class FileSource implements ByteSource {
  /** Bytes of the file. */
  readonly size: number
  readonly #descriptor: number

  /** Throws when there is no such file. */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'r')
    this.size = fstatSync(this.#descriptor).size
  }

  read(target: Uint8Array, start: number, length: number): number {
    return readSync(this.#descriptor, target, start, length, null)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
