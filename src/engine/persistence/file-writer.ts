import type { FileHandle } from 'node:fs/promises'

/** How many bytes may wait for the disk before who writes is to wait, too. */
const PENDING_BYTES_MAX = 4 * 1_024 * 1_024

/** Writes to a file on another thread, in order. The first failure is kept, and told by `written`. */
export class FileWriter {
  readonly #file: Promise<FileHandle>
  #writing: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #pendingBytes = 0
  /** Bytes handed over so far. */
  length = 0

  constructor(file: Promise<FileHandle>) {
    this.#file = file
    file.catch((error: unknown) => this.#fail(error))
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  get isCongested(): boolean {
    return this.#pendingBytes > PENDING_BYTES_MAX
  }

  /** The bytes are the file's from now on, until it calls `free` with them. */
  write(bytes: Uint8Array, free: (bytes: Uint8Array) => void): void {
    this.length += bytes.length
    this.#pendingBytes += bytes.length
    this.#writing = this.#writing.then(async () => {
      try {
        if (!this.hasFailed) await writeAll(await this.#file, bytes)
      } catch (error) {
        this.#fail(error)
      }
      this.#pendingBytes -= bytes.length
      free(bytes)
    })
  }

  /** Everything that came so far has been handed to the system, or has failed. */
  async drained(): Promise<void> {
    await this.#writing
  }

  /** The file with everything in it. Throws the first failure. */
  async written(): Promise<FileHandle> {
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#file
  }

  /** Whatever has become of it. */
  async close(): Promise<void> {
    await this.#writing
    try {
      await (await this.#file).close()
    } catch {
      // It was never opened, or is closed already: there is nothing to close.
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at)
    at += bytesWritten
  }
}
