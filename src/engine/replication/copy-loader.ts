import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'
import type { EngineServices } from '../execution/context.ts'
import { restAfterKeys } from '../persistence/key-delay.ts'
import type { LoadProgress } from '../persistence/load-progress.ts'
import { corrupt, RdbError } from '../persistence/rdb-encoding.ts'
import type { ByteSource } from '../persistence/rdb-input.ts'
import { RdbLoader, type RdbLoaderOptions } from '../persistence/rdb-loader.ts'
import type { ValueReader } from '../persistence/value-reader.ts'
import { CopyPipe } from './copy-pipe.ts'

/** So long nobody else has a turn, not even for an answer that says LOADING. */
const SLICE_MS = 5
/** Whether a script is through is looked at so often. */
const NAP_MS = 20

export interface CopyLoaderOptions {
  readonly clock: Clock
  readonly values: ValueReader
  /** Whether sums at the end of files count. */
  readonly checksSums: () => boolean
  readonly services: () => EngineServices
  /** Runs what others are to see at once in a turn of its own. */
  readonly inTurn: (task: () => void) => void
}

/** What a copy says of the stream that follows it. */
export interface LoadedCopy {
  readonly streamDatabase: number
}

/** A copy to be loaded. */
export interface CopyRequest {
  /** A pipe, while it comes. */
  readonly source: ByteSource
  /** Of the copy's bytes, as far as it is known. */
  readonly totalBytes: number
  /** What may follow the file: the mark at its end. */
  readonly trailingBytesMax: number
  /** Beside the old data, which stays until all is there, and if that never comes. */
  readonly isAside: boolean
  readonly isCancelled: () => boolean
  /** Loading begins, or has ended. */
  readonly onLoading: (isLoading: boolean) => void
  /** The old data is about to go. */
  readonly onReplace: () => void
}

/** Replaces all data by a copy of the primary's, in slices. */
export class CopyLoader {
  /** While a copy is loaded: INFO's loading fields. */
  progress: LoadProgress | undefined
  readonly #options: CopyLoaderOptions
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: CopyLoaderOptions) {
    this.#options = options
  }

  /** Rejects when the copy is damaged, or `isCancelled`: then nothing of it is left, and of the old data what `isAside` says. */
  load(request: CopyRequest): Promise<LoadedCopy> {
    // One that was given up clears its place first.
    const loading = this.#last.then(() => this.#load(request))
    this.#last = loading.catch(() => undefined)
    return loading
  }

  async #load(request: CopyRequest): Promise<LoadedCopy> {
    const { keyspace } = this.#services
    const { isCancelled, onLoading, source, totalBytes } = request
    if (isCancelled()) throw notWanted()
    const progress = { startedMs: keyspace.nowMs, totalBytes, loadedBytes: 0 }
    this.progress = progress
    onLoading(true)
    try {
      return await (request.isAside
        ? this.#loadAside(request, progress)
        : this.#loadInPlace(request, progress))
    } catch (error) {
      throw source instanceof CopyPipe ? withPlace(error, progress) : error
    } finally {
      this.progress = undefined
      onLoading(false)
    }
  }

  async #loadInPlace(request: CopyRequest, progress: LoadProgress): Promise<LoadedCopy> {
    const { keyspace, log, scripting } = this.#services
    log.info({}, 'MASTER <-> REPLICA sync: Flushing old data')
    this.#options.inTurn(() => {
      request.onReplace()
      this.#empty()
    })
    try {
      return await this.#read(request, progress, {
        databases: keyspace.databases,
        onLibrary: (code) => scripting.restoreLibrary(code, false),
      })
    } catch (error) {
      this.#options.inTurn(() => this.#empty())
      throw error
    }
  }

  async #loadAside(request: CopyRequest, progress: LoadProgress): Promise<LoadedCopy> {
    const { keyspace, log } = this.#services
    const libraries: Buffer[] = []
    try {
      const loaded = await this.#read(request, progress, {
        databases: keyspace.beginSpare(),
        onLibrary: (code) => void libraries.push(code),
      })
      // A script that is not through goes on with what it has begun with.
      while (this.#services.scripting.busyError !== undefined) await setTimeout(NAP_MS)
      if (request.isCancelled()) throw notWanted()
      this.#replaceLibraries(libraries)
      this.#options.inTurn(() => this.#adopt(request))
      return loaded
    } catch (error) {
      log.info({}, 'MASTER <-> REPLICA sync: Discarding temporary DB in background')
      keyspace.dropSpare()
      throw error
    }
  }

  async #read(
    request: CopyRequest,
    progress: LoadProgress,
    into: Pick<RdbLoaderOptions, 'databases' | 'onLibrary'>,
  ): Promise<LoadedCopy> {
    const { checksSums, clock, values } = this.#options
    const { keyspace, log } = this.#services
    const { isCancelled, source } = request
    let streamDatabase = 0
    log.info({}, 'MASTER <-> REPLICA sync: Loading DB in memory')
    const loader = new RdbLoader({
      ...into,
      keyspace,
      values,
      source,
      checksSum: checksSums(),
      // When they go is the primary's to say.
      keepsExpired: true,
      replaces: false,
      onField: (name, value) => {
        if (name === 'repl-stream-db') streamDatabase = Number(value)
      },
      onSkipped: (key) => log.info({}, `rdbLoadObject skipping empty key: ${key}`),
    })
    while (!loader.isDone) {
      const keysBefore = loader.keysLoaded
      this.#step(loader)
      progress.loadedBytes = loader.position
      if (loader.isDone) break
      if (source instanceof CopyPipe && loader.isStarved) {
        // Twice as much before the key is tried again: a large one is not read over and over.
        await source.arrival(Math.max(1, loader.heldBytes))
      } else {
        const keys = loader.keysLoaded - keysBefore
        await restAfterKeys(keys, { clock, delayUsec: () => this.#keyDelayUsec, isCancelled })
      }
      if (isCancelled()) throw notWanted()
    }
    if (source instanceof CopyPipe) await this.#takeRest(source, loader.position, request)
    return { streamDatabase }
  }

  /** Nobody hears of the keys, and none of them is due: that is the primary's to say. */
  #step(loader: RdbLoader): void {
    const { clock } = this.#options
    const { keyspace } = this.#services
    const endsAtMs = clock.monotonicMs() + SLICE_MS
    const delays = this.#keyDelayUsec > 0
    keyspace.keepDue(true)
    try {
      keyspace.events.silence(() => loader.step(() => delays || clock.monotonicMs() >= endsAtMs))
    } finally {
      keyspace.keepDue(false)
    }
  }

  /** All is loaded; the mark at the copy's end may be on its way. */
  async #takeRest(pipe: CopyPipe, position: number, request: CopyRequest): Promise<void> {
    while (pipe.isOpen) {
      pipe.skip()
      if (pipe.arrivedBytes - position > request.trailingBytesMax) {
        throw corrupt('Replication stream EOF marker is broken')
      }
      await pipe.arrival(1)
    }
    if (request.isCancelled()) throw notWanted()
  }

  /** What was loaded aside becomes what everybody sees, in one turn. */
  #adopt({ onReplace }: CopyRequest): void {
    const { keyspace, log } = this.#services
    onReplace()
    log.info({}, 'MASTER <-> REPLICA sync: Swapping active DB with loaded DB')
    this.#touch()
    keyspace.adoptSpare()
    this.#tellReady()
    log.info({}, 'MASTER <-> REPLICA sync: Discarding old DB in background')
  }

  /** All of them, or those that were there stay. */
  #replaceLibraries(libraries: readonly Buffer[]): void {
    const { scripting } = this.#services
    const old = scripting.libraryCodes().map((code) => Buffer.from(code))
    scripting.flushLibraries()
    for (const code of libraries) {
      const problem = scripting.restoreLibrary(code, false)
      if (problem === undefined) continue
      scripting.flushLibraries()
      for (const kept of old) scripting.restoreLibrary(kept, false)
      throw corrupt(`Failed creating the library: ${problem}`)
    }
  }

  get #services(): EngineServices {
    return this.#options.services()
  }

  get #keyDelayUsec(): number {
    return this.#services.config.integer('key-load-delay')
  }

  #empty(): void {
    const { keyspace, scripting } = this.#services
    this.#touch()
    keyspace.flushAll()
    scripting.flushLibraries()
    this.#tellReady()
  }

  /** Those who watch keys are to see that these have changed. */
  #touch(): void {
    const { keyspace, transactions } = this.#services
    for (const { index } of keyspace.databases) transactions.touchDatabase(index)
  }

  #tellReady(): void {
    const { blocking, keyspace, tracking } = this.#services
    for (const { index } of keyspace.databases) blocking.databaseReady(index)
    if (tracking.isOn) tracking.invalidateAll()
  }
}

function notWanted(): RdbError {
  return new RdbError('truncated', 'the copy is not wanted any more')
}

/** In Redis' words (rdb.c, rdbReportError), with the place that was come to. */
function withPlace(error: unknown, { loadedBytes }: LoadProgress): unknown {
  if (!(error instanceof RdbError)) return error
  const why =
    error.code === 'truncated'
      ? 'Failure loading rdb format from socket, assuming connection error, resuming operation.'
      : 'Failure loading rdb format'
  const what = `Internal error in RDB reading offset ${loadedBytes}`
  return new RdbError(error.code, `${what} -> ${error.message}. ${why}`)
}
