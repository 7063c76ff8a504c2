import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncDirectory } from '../../shared/sync-directory.ts'
import type { SaveTarget } from './save-target.ts'

/** How many bytes may wait for the disk before who writes is to wait, too. */
const PENDING_BYTES_MAX = 16 * 1_024 * 1_024

/**
 * A file that takes another's place once it is whole and on the disk: written aside, flushed, renamed, and the
 * directory flushed. Bytes are written on another thread, in order; the first failure is kept and told by `commit`.
 */
export class AsideFile implements SaveTarget {
  readonly #path: string
  readonly #asidePath: string
  readonly #file: Promise<FileHandle>
  #writing: Promise<void> = Promise.resolve()
  #failure: unknown
  #pendingBytes = 0
  /** Bytes handed over so far. */
  length = 0

  /** `path` is the file's own; it is written to `asidePath`, in the same directory, first. */
  constructor(path: string, asidePath: string) {
    this.#path = path
    this.#asidePath = asidePath
    this.#file = open(asidePath, 'w', 0o644)
    this.#file.catch((error: unknown) => {
      this.#failure ??= error
    })
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  get isCongested(): boolean {
    return this.#pendingBytes > PENDING_BYTES_MAX
  }

  /** The bytes are the file's from now on. */
  write(bytes: Uint8Array): void {
    this.length += bytes.length
    this.#pendingBytes += bytes.length
    this.#writing = this.#writing.then(async () => {
      try {
        if (this.#failure === undefined) await writeAll(await this.#file, bytes)
      } catch (error) {
        this.#failure ??= error
      }
      this.#pendingBytes -= bytes.length
    })
  }

  /** Everything written so far has been handed to the system. */
  async drained(): Promise<void> {
    await this.#writing
  }

  /** Throws the first failure; then the file that was there is still there. */
  async commit(): Promise<void> {
    await this.#writing
    try {
      if (this.#failure !== undefined) throw this.#failure
      const file = await this.#file
      await file.sync()
      await file.close()
      renameSync(this.#asidePath, this.#path)
      syncDirectory(dirname(this.#path))
    } catch (error) {
      await this.discard()
      throw error
    }
  }

  async discard(): Promise<void> {
    await this.#writing
    try {
      await (await this.#file).close()
    } catch {
      // It was never opened, or is closed already: there is nothing to close.
    }
    rmSync(this.#asidePath, { force: true })
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at)
    at += bytesWritten
  }
}

/** The same at once, for SAVE: `write` gives the bytes piece by piece. Throws when the disk refuses. */
export function writeFileAside(
  path: string,
  asidePath: string,
  write: (append: (bytes: Uint8Array) => void) => void,
): void {
  const descriptor = openSync(asidePath, 'w', 0o644)
  try {
    write((bytes) => writeAllSync(descriptor, bytes))
    fsyncSync(descriptor)
  } catch (error) {
    closeSync(descriptor)
    rmSync(asidePath, { force: true })
    throw error
  }
  closeSync(descriptor)
  renameSync(asidePath, path)
  syncDirectory(dirname(path))
}

export function writeAllSync(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(descriptor, bytes, at, bytes.length - at)
  }
}

/** As Redis names them: unlike any other's that writes there. */
export function asidePathIn(directory: string, kind: string, id: string): string {
  return join(directory, `temp-${kind}${id}.rdb`)
}
