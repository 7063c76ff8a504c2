import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncDirectory, syncDirectoryBehind } from '../../shared/sync-directory.ts'
import { FileWriter } from './file-writer.ts'
import type { SaveTarget } from './save-target.ts'

/**
 * A file that takes another's place once it is whole and on the disk: written aside, flushed, renamed, and the
 * directory flushed. Bytes are written on another thread, in order; the first failure is kept and told by `complete`.
 */
export class AsideFile implements SaveTarget {
  readonly #path: string
  readonly #asidePath: string
  readonly #rename: (from: string, to: string) => void
  readonly #writer: FileWriter
  /** What is at `path` until this takes its place. */
  #replaced: FileHandle | undefined

  /** `path` is the file's own; it is written to `asidePath`, in the same directory, first. */
  constructor(
    path: string,
    asidePath: string,
    rename: (from: string, to: string) => void = renameSync,
  ) {
    this.#path = path
    this.#asidePath = asidePath
    this.#rename = rename
    this.#writer = new FileWriter(open(asidePath, 'w', 0o644))
  }

  get hasFailed(): boolean {
    return this.#writer.hasFailed
  }

  get isCongested(): boolean {
    return this.#writer.isCongested
  }

  write(bytes: Uint8Array, free: (bytes: Uint8Array) => void): void {
    this.#writer.write(bytes, free)
  }

  drained(): Promise<void> {
    return this.#writer.drained()
  }

  async complete(): Promise<void> {
    try {
      const file = await this.#writer.written()
      await file.sync()
      await file.close()
      this.#replaced = await open(this.#path, 'r').catch(() => undefined)
    } catch (error) {
      await this.discard()
      throw error
    }
  }

  /** Throws when it cannot take the place; then the file that was there is still there. */
  async commit(): Promise<void> {
    // To free the blocks of a large file takes long: while it is open, to replace it frees none.
    const replaced = this.#replaced
    this.#replaced = undefined
    try {
      this.#rename(this.#asidePath, this.#path)
      await replaced?.close()
      await syncDirectoryBehind(dirname(this.#path))
    } catch (error) {
      await this.discard()
      throw error
    }
  }

  async discard(): Promise<void> {
    await this.#writer.close()
    await this.#replaced?.close()
    this.#replaced = undefined
    await rm(this.#asidePath, { force: true })
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
