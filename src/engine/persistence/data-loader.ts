import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { ConfigService } from '../execution/context.ts'
import type { AppendOnlyLog, Loading } from './append-only-log.ts'
import { type KeyDelay, restAfterKeys } from './key-delay.ts'
import type { LoadProgress } from './load-progress.ts'
import type { LoadListener, RdbFiles } from './rdb-files.ts'
import type { RdbLoader } from './rdb-loader.ts'

/** Loading lets others have a turn so often. */
const SLICE_MS = 8

export interface DataLoaderOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly config: ConfigService
  readonly files: RdbFiles
  readonly appendLog: AppendOnlyLog
  /** Sets the time that keys are judged by. */
  readonly beginTurn: () => void
  /** While a log is read again nothing is due, and nobody is told of what is done. */
  readonly onReplay: (isReplaying: boolean) => void
  /** Hears of what the file tells that the engine starts with. */
  readonly startListener: LoadListener
  /** The process is to end: nothing more is wanted. */
  readonly isEnding: () => boolean
}

/** Reads the data set from its files: in slices at the start, all at once when it is told to. */
export class DataLoader {
  /** Of what is being read in slices. */
  progress: LoadProgress | undefined
  readonly #options: DataLoaderOptions
  readonly #delay: KeyDelay
  #keysLoaded = 0
  #keysExpired = 0

  constructor(options: DataLoaderOptions) {
    const { clock, config, isEnding } = options
    this.#options = options
    this.#delay = {
      clock,
      delayUsec: () => config.integer('key-load-delay'),
      isCancelled: isEnding,
    }
  }

  /** Rejects when it is damaged, or loading was cancelled. */
  async loadFile(): Promise<void> {
    const { clock, files, log, startListener } = this.#options
    const startedMs = clock.monotonicMs()
    const { loader, source } = files.open(files.path, {
      keepsExpired: this.#isReplica,
      replaces: false,
      listener: startListener,
    })
    this.progress = { startedMs: clock.nowMs(), totalBytes: source.size, loadedBytes: 0 }
    try {
      while (!loader.isDone) {
        const endsAtMs = clock.monotonicMs() + SLICE_MS
        const keysBefore = loader.keysLoaded
        this.#options.beginTurn()
        loader.step(() => this.#delay.delayUsec() > 0 || clock.monotonicMs() >= endsAtMs)
        this.progress.loadedBytes = loader.position
        await this.#nextSlice(loader.keysLoaded - keysBefore)
      }
      this.#count(loader)
    } finally {
      source.close()
    }
    const counts = `keys loaded: ${this.#keysLoaded}, keys expired: ${this.#keysExpired}`
    log.info({}, `Done loading RDB, ${counts}.`)
    log.info({}, `DB loaded from disk: ${this.#secondsSince(startedMs)} seconds`)
  }

  /** As `loadFile`; nothing when there is no log yet. */
  async loadLog(): Promise<void> {
    const { appendLog, clock, log } = this.#options
    const startedMs = clock.monotonicMs()
    appendLog.readManifest()
    if (appendLog.isEmpty) return
    let endsAtMs = 0
    const loading = appendLog.load(() => clock.monotonicMs() >= endsAtMs)
    this.progress = { startedMs: clock.nowMs(), totalBytes: appendLog.totalBytes, loadedBytes: 0 }
    for (;;) {
      endsAtMs = clock.monotonicMs() + SLICE_MS
      this.#options.beginTurn()
      const loadedBytes = this.#replaySlice(loading)
      if (loadedBytes === undefined) break
      this.progress.loadedBytes = loadedBytes
      await this.#nextSlice(0)
    }
    log.info({}, `DB loaded from append only file: ${this.#secondsSince(startedMs)} seconds`)
  }

  /** `replaces`: its keys may be there already. Throws when it is damaged. */
  loadFileNow(replaces: boolean): void {
    const { files } = this.#options
    const { loader, source } = files.open(files.path, { keepsExpired: this.#isReplica, replaces })
    try {
      loader.step(() => false)
      this.#count(loader)
    } finally {
      source.close()
    }
  }

  loadLogNow(): void {
    const { appendLog } = this.#options
    appendLog.readManifest()
    const loading = appendLog.load(() => false)
    while (this.#replaySlice(loading) !== undefined);
  }

  /** Their part of INFO's persistence section. */
  fields(): readonly (readonly [name: string, value: string | number])[] {
    return [
      ['rdb_last_load_keys_expired', this.#keysExpired],
      ['rdb_last_load_keys_loaded', this.#keysLoaded],
    ]
  }

  async #nextSlice(keys: number): Promise<void> {
    await restAfterKeys(keys, this.#delay)
    if (this.#options.isEnding()) throw new Error('Told to end while loading')
  }

  /** Undefined once everything has been read. */
  #replaySlice(loading: Loading): number | undefined {
    this.#options.onReplay(true)
    try {
      const { done, value } = loading.next()
      return done === true ? undefined : Number(value)
    } finally {
      this.#options.onReplay(false)
    }
  }

  /** When keys go is its primary's to say. */
  get #isReplica(): boolean {
    return this.#options.config.value('replicaof') !== ''
  }

  #count({ keysLoaded, keysExpired }: RdbLoader): void {
    this.#keysLoaded = keysLoaded
    this.#keysExpired = keysExpired
  }

  #secondsSince(startedMs: number): string {
    return ((this.#options.clock.monotonicMs() - startedMs) / 1_000).toFixed(3)
  }
}
