import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import { CommandEncoder } from '../protocol/command-encoder.ts'

/**
 * While the disk is busy, what was written waits so long before it is written all the same. Redis waits two seconds
 * (aof.c); with less, a process that is killed then has lost what is younger than a second, and nothing older.
 */
const POSTPONED_MS_MAX = 800
const SYNC_INTERVAL_MS = 1_000

export type SyncPolicy = 'always' | 'everysec' | 'no'

export interface AofWriterOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly policy: () => SyncPolicy
  /** appendfsync always, though a save may have the disk to itself just now. */
  readonly isStrict: () => boolean
  /** aof-timestamp-enabled. */
  readonly hasTimestamps: () => boolean
  /** Told when writing begins to fail, and when it goes on. */
  readonly onStatus: () => void
  /**
   * With `always`: what was done is not on the disk, cannot be taken back, and others may have seen it; after a flush
   * that failed it is not even known what the disk has. Who has others that may go on instead ends the process; without
   * it writes are refused from then on.
   */
  readonly onFatal: (() => void) | undefined
  /** The system's, but for tests. */
  readonly disk: DiskSync
  readonly latency: (event: string, ms: number) => void
  /** A save is under way, and keeps the disk busy. */
  readonly isSaving: () => boolean
  /** DEBUG AOF-FLUSH-SLEEP: every write takes so much longer. */
  readonly sleepUsec: () => number
}

/** Flushes a file to the disk, at once or on another thread. */
export interface DiskSync {
  now(descriptor: number): void
  behind(descriptor: number, done: (error: Error | null) => void): void
}

export const systemDisk: DiskSync = { now: fdatasyncSync, behind: fdatasync }

/** Appends effects to one file: into a buffer first, and to the system once per turn. */
export class AofWriter {
  readonly #options: AofWriterOptions
  readonly #encoder = new CommandEncoder()
  #descriptor = -1
  /** The database that the last command of the file belongs to. */
  #selected = -1
  #stampedSeconds = 0
  /** Bytes in the file, of this writer's. */
  size = 0
  #syncedSize = 0
  #isSyncing = false
  #lastSyncMs = Number.NEGATIVE_INFINITY
  #postponedSinceMs: number | undefined
  delayedSyncs = 0
  /** Why the last write failed. */
  #writeFailure: string | undefined
  /** Why the disk was not flushed. */
  #syncFailure: string | undefined
  /** What waited then, in the buffer and for the disk: whoever wrote it has been told, or hung up on. */
  #refusedBytes = 0
  #refusedSize = 0

  constructor(options: AofWriterOptions) {
    this.#options = options
  }

  get bufferBytes(): number {
    return this.#encoder.length
  }

  /** Why nothing more may be written now. */
  get failure(): string | undefined {
    return this.#writeFailure ?? this.#syncFailure
  }

  get isSyncing(): boolean {
    return this.#isSyncing
  }

  /**
   * Whether something is not on the disk as the policy wants it before a reply leaves. While the disk refuses, what it
   * has refused already holds nobody back who has written nothing.
   */
  get isPending(): boolean {
    if (this.failure !== undefined) {
      return this.#encoder.length > this.#refusedBytes || this.size > this.#refusedSize
    }
    if (this.#encoder.length > 0) return true
    return this.#options.policy() === 'always' && this.#syncedSize < this.size
  }

  /** Goes on in this file, which holds so many bytes. What is in the buffer belongs to it. */
  open(path: string, size: number): void {
    this.#descriptor = openSync(path, 'a', 0o644)
    this.size = size
    this.#syncedSize = size
    this.#selected = -1
  }

  /** Everything there is is on the disk in other files: what this one refused to take is no loss any more. */
  recover(): void {
    if (this.failure === undefined || this.#encoder.length > 0) return
    this.#writeFailure = undefined
    this.#syncFailure = undefined
    this.#options.onStatus()
  }

  /** The file is complete; what is in the buffer has to have been written. */
  close(): void {
    if (this.#descriptor < 0) return
    const descriptor = this.#descriptor
    this.#descriptor = -1
    try {
      this.#options.disk.now(descriptor)
    } catch (error) {
      this.#options.log.warn({ err: error }, 'Fail to fsync the AOF file')
    }
    closeSync(descriptor)
  }

  /** An effect that is encoded already: bytes[start, end). */
  append(databaseIndex: number, bytes: Uint8Array, start: number, end: number): void {
    const { clock, hasTimestamps } = this.#options
    if (hasTimestamps()) this.#stamp(Math.floor(clock.nowMs() / 1_000))
    if (databaseIndex !== this.#selected) {
      this.#selected = databaseIndex
      this.#encoder.command(['SELECT', databaseIndex])
    }
    this.#encoder.encoded(bytes, start, end)
  }

  /** Hands the buffer to the system, unless the disk is busy and it may wait. False when the disk refuses. */
  flush(isForced = false): boolean {
    if (this.#encoder.length === 0) return this.failure === undefined
    if (!isForced && this.#mayPostpone()) return true
    this.#postponedSinceMs = undefined
    return this.#write()
  }

  /** Until it is on the disk. */
  sync(): boolean {
    if (!this.flush(true)) return false
    if (this.#syncedSize === this.size) return true
    const { clock, disk, latency, policy } = this.#options
    const startedMs = clock.monotonicMs()
    try {
      disk.now(this.#descriptor)
    } catch (error) {
      this.#failSync(error)
      this.#giveUp(
        `Can't persist AOF for fsync error when the AOF fsync policy is 'always': ${reasonOf(error)}`,
      )
      return false
    }
    if (policy() === 'always') latency('aof-fsync-always', clock.monotonicMs() - startedMs)
    this.#syncedSize = this.size
    // After a failure the system may have forgotten what it could not write: this success says nothing of that.
    return this.#syncFailure === undefined
  }

  /** Once per cycle: what waits, and once a second the disk. */
  runCycle(): void {
    this.flush()
    const { clock, policy } = this.#options
    const isDue = clock.monotonicMs() - this.#lastSyncMs >= SYNC_INTERVAL_MS
    if (policy() !== 'everysec' || !isDue || this.#isSyncing) return
    if (this.#syncedSize === this.size || this.#descriptor < 0) return
    this.#lastSyncMs = clock.monotonicMs()
    this.#syncBehind()
  }

  #syncBehind(): void {
    const size = this.size
    const descriptor = this.#descriptor
    this.#isSyncing = true
    this.#options.disk.behind(descriptor, (error) => {
      this.#isSyncing = false
      // Another file has come in its place: that one was flushed when it was closed.
      if (descriptor !== this.#descriptor) return
      if (error !== null) return this.#failSync(error)
      this.#syncedSize = Math.max(this.#syncedSize, size)
      if (this.#syncFailure === undefined) return
      this.#syncFailure = undefined
      this.#solved()
    })
  }

  /** As Redis: a write would wait for the disk, too, while it flushes. */
  #mayPostpone(): boolean {
    const { clock, policy } = this.#options
    if (!this.#isSyncing || policy() !== 'everysec') return false
    const nowMs = clock.monotonicMs()
    this.#postponedSinceMs ??= nowMs
    if (nowMs - this.#postponedSinceMs < POSTPONED_MS_MAX) return true
    this.delayedSyncs += 1
    this.#options.log.warn(
      {},
      'Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to complete, this may slow down Redis.',
    )
    return false
  }

  #write(): boolean {
    const { bytes, length } = this.#encoder
    const { clock, sleepUsec } = this.#options
    if (sleepUsec() > 0) sleep(sleepUsec())
    const startedMs = clock.monotonicMs()
    let written = 0
    try {
      while (written < length) {
        written += writeSync(this.#descriptor, bytes, written, length - written)
      }
    } catch (error) {
      this.#takeBack(written)
      this.#failWrite(error)
      this.#giveUp("Can't recover from AOF write error when the AOF fsync policy is 'always'")
      return false
    }
    this.#tellLatency(clock.monotonicMs() - startedMs)
    this.size += length
    this.#encoder.clear()
    if (this.#writeFailure !== undefined) {
      this.#writeFailure = undefined
      this.#solved()
    }
    return this.failure === undefined
  }

  #tellLatency(ms: number): void {
    const { isSaving, latency } = this.#options
    if (this.#isSyncing) latency('aof-write-pending-fsync', ms)
    else latency(isSaving() ? 'aof-write-active-child' : 'aof-write-alone', ms)
    latency('aof-write', ms)
  }

  /** Half a command may not stay: what comes behind it could not be read. It is written again as a whole. */
  #takeBack(written: number): void {
    if (written === 0) return
    try {
      ftruncateSync(this.#descriptor, this.size)
    } catch (error) {
      this.#options.log.error(
        { err: error },
        'Could not remove short write from the append-only file',
      )
    }
  }

  /** As Redis does (aof.c, flushAppendOnlyFile). */
  #giveUp(message: string): void {
    const { isStrict, log, onFatal } = this.#options
    if (!isStrict() || onFatal === undefined) return
    log.error({}, `${message}. Exiting...`)
    onFatal()
  }

  #failWrite(error: unknown): void {
    const isNew = this.#writeFailure === undefined
    this.#writeFailure = reasonOf(error)
    this.#refuse(isNew, 'Error writing to the AOF file')
  }

  #failSync(error: unknown): void {
    const isNew = this.#syncFailure === undefined
    this.#syncFailure = reasonOf(error)
    this.#refuse(isNew, 'Fail to fsync the AOF file')
  }

  #refuse(isNew: boolean, message: string): void {
    this.#refusedBytes = this.#encoder.length
    this.#refusedSize = this.size
    if (!isNew) return
    this.#options.log.error({}, `${message}: ${this.failure ?? ''}`)
    this.#options.onStatus()
  }

  #solved(): void {
    if (this.failure !== undefined) return
    this.#options.log.warn({}, 'AOF write error looks solved, Redis can write again.')
    this.#options.onStatus()
  }

  #stamp(seconds: number): void {
    if (seconds === this.#stampedSeconds) return
    this.#stampedSeconds = seconds
    this.#encoder.line(`#TS:${seconds}`)
  }
}

/** Everything stands still. */
function sleep(usec: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, usec / 1_000)
}

/** As strerror words it, where Node.js tells. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error))
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'No space left on device',
  EIO: 'Input/output error',
  EROFS: 'Read-only file system',
  EFBIG: 'File too large',
  EDQUOT: 'Disk quota exceeded',
}
