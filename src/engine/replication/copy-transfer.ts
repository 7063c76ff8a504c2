import { renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from '../../shared/logger.ts'
import { syncDirectory } from '../../shared/sync-directory.ts'
import type { CopyRequest, LoadedCopy } from './copy-loader.ts'
import { CopyPipe } from './copy-pipe.ts'
import { CopyReceiver } from './copy-receiver.ts'
import type { FileCopyStore } from './copy-store.ts'
import { MARK_BYTES } from './end-mark.ts'

export interface CopyTransferOptions {
  /** Under what history and offset the stream goes on; without an id with a history of this engine's own. */
  readonly id: string | undefined
  readonly offset: number
  /** Loaded while it comes, or once it is there as a file, which takes the place of `path`. */
  readonly store: CopyPipe | FileCopyStore
  readonly path: string
  /** Whether the file stays once it is loaded (rdb-del-sync-files). */
  readonly keepsFile: () => boolean
  readonly isAside: boolean
  readonly log: Logger
  readonly load: (request: CopyRequest) => Promise<LoadedCopy>
  readonly onLoading: CopyRequest['onLoading']
  readonly onReplace: () => void
  /** The socket is to be read from, or what comes next is to wait in the kernel. */
  readonly onHold: (isHeld: boolean) => void
  /** With the bytes that came behind the copy. */
  readonly onLoaded: (loaded: LoadedCopy, early: readonly Buffer[]) => void
  readonly onFailed: () => void
}

/** A full copy on its way from the primary into memory (replication.c, readSyncBulkPayload). */
export class CopyTransfer {
  readonly receiver: CopyReceiver
  readonly #options: CopyTransferOptions
  readonly #early: Buffer[] = []
  #isHeld = false
  #isGivenUp = false
  #isLoading = false

  constructor(options: CopyTransferOptions) {
    this.#options = options
    this.receiver = new CopyReceiver(options.store)
    const { store } = options
    if (store instanceof CopyPipe) store.onRoom(() => this.#updateHold())
  }

  get id(): string | undefined {
    return this.#options.id
  }

  get offset(): number {
    return this.#options.offset
  }

  get isLoading(): boolean {
    return this.#isLoading
  }

  /** The primary's next bytes are wanted, and their absence tells something. */
  get isWaiting(): boolean {
    return !this.#isHeld && !this.receiver.isComplete
  }

  /** The first line; false when it announces no copy. */
  begin(line: string): boolean {
    const { receiver } = this
    const { log, store } = this.#options
    if (!receiver.begin(line)) return false
    const where = store instanceof CopyPipe ? 'to parser' : 'to disk'
    const what =
      receiver.totalBytes === undefined
        ? `receiving streamed RDB from master with EOF ${where}`
        : `receiving ${receiver.totalBytes} bytes from master ${where}`
    log.info({}, `MASTER <-> REPLICA sync: ${what}`)
    if (store instanceof CopyPipe) this.#load()
    this.receive(Buffer.alloc(0))
    return true
  }

  /** Throws when the bytes cannot be kept. */
  receive(bytes: Buffer): void {
    const { receiver } = this
    const { store } = this.#options
    const taken = receiver.isComplete ? 0 : receiver.receive(bytes)
    if (taken < bytes.length) this.#early.push(Buffer.from(bytes.subarray(taken)))
    const isComplete = receiver.finish()
    this.#updateHold()
    if (!isComplete || store instanceof CopyPipe || this.#isLoading) return
    this.#keepFile(store)
    this.#load()
  }

  giveUp(): void {
    this.#isGivenUp = true
    this.#options.store.discard()
  }

  /** What comes next waits in the kernel while there is enough to load, and behind the copy until it is loaded. */
  #updateHold(): void {
    const { onHold, store } = this.#options
    const isHeld = this.receiver.isComplete || (store instanceof CopyPipe && store.isFull)
    if (isHeld === this.#isHeld || this.#isGivenUp) return
    this.#isHeld = isHeld
    onHold(isHeld)
  }

  #load(): void {
    const { isAside, load, log, onFailed, onLoaded, onLoading, onReplace, store } = this.#options
    const { receiver } = this
    this.#isLoading = true
    load({
      source: store.source(),
      totalBytes: receiver.totalBytes ?? 0,
      trailingBytesMax: receiver.hasEndMark ? MARK_BYTES : Number.POSITIVE_INFINITY,
      isAside,
      isCancelled: () => this.#isGivenUp,
      onLoading,
      onReplace,
    }).then(
      (loaded) => {
        this.#dropFile()
        if (this.#isGivenUp) return
        store.discard()
        onLoaded(loaded, this.#early)
      },
      (error: unknown) => {
        const how = store instanceof CopyPipe ? 'from socket' : 'from disk'
        const why = error instanceof Error ? error.message : String(error)
        log.warn({}, `Failed trying to load the MASTER synchronization DB ${how}: ${why}`)
        this.#dropFile()
        if (!this.#isGivenUp) onFailed()
      },
    )
  }

  /** It takes the place of this engine's own file: what a restart would begin with. */
  #keepFile(store: FileCopyStore): void {
    const { path } = this.#options
    store.sync()
    renameSync(store.path, path)
    syncDirectory(dirname(path))
  }

  #dropFile(): void {
    const { keepsFile, log, path, store } = this.#options
    if (store instanceof CopyPipe || keepsFile()) return
    const what = 'Removing the RDB file obtained from the master.'
    log.info({}, `${what} This replica has persistence disabled`)
    rmSync(path, { force: true })
  }
}
