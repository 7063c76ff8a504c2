import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { ConfigService } from '../execution/context.ts'
import type {
  Outcome,
  PersistenceService,
  ReloadOptions,
} from '../execution/persistence-service.ts'
import type { Propagation } from '../execution/propagation.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import { replyErrors as errors } from '../protocol/reply-errors.ts'
import type { BackgroundSave } from './background-save.ts'
import type { LoadProgress } from './load-progress.ts'
import type { RdbFiles } from './rdb-files.ts'
import type { RdbLoader } from './rdb-loader.ts'
import { parseSavePoints, reachedSavePoint, type SavePoint } from './save-points.ts'

/** After a save that failed, the next one is tried so much later (server.h, CONFIG_BGSAVE_RETRY_DELAY). */
const RETRY_DELAY_MS = 5_000
/** Loading lets others have a turn so often. */
const LOAD_SLICE_MS = 8

export interface PersistenceOptions {
  readonly keyspace: Keyspace
  readonly config: ConfigService
  readonly clock: Clock
  readonly log: Logger
  readonly propagation: Propagation
  readonly files: RdbFiles
  /** False where nothing is to be read or written, whatever the directives say. */
  readonly isEnabled: boolean
  /** Sets the time that keys are judged by. */
  readonly beginTurn: () => void
  readonly onLoading: (isLoading: boolean) => void
  readonly onWriteError: (isError: boolean) => void
  /** All keys have gone at once. */
  readonly emptied: () => void
}

interface RunningSave {
  readonly job: BackgroundSave
  readonly startedMs: number
}

/** The data set on disk: when it is saved, and what is loaded at the start. */
export class Persistence implements PersistenceService {
  readonly #options: PersistenceOptions
  #points: readonly SavePoint[] = []
  #running: RunningSave | undefined
  #isScheduled = false
  #lastSaveMs: number
  #lastTryMs = Number.NEGATIVE_INFINITY
  #hasFailed = false
  #lastDurationSeconds = -1
  #saves = 0
  progress: LoadProgress | undefined
  #loaded = { keysLoaded: 0, keysExpired: 0 }
  #isShutDown = false
  isLoading: boolean

  constructor(options: PersistenceOptions) {
    this.#options = options
    this.#lastSaveMs = options.clock.nowMs()
    this.isLoading = options.isEnabled
  }

  /** From now on its guards and directives are in effect. */
  begin(): void {
    const { config, isEnabled, onLoading } = this.#options
    onLoading(this.isLoading)
    config.onValue('save', (value) => {
      this.#points = isEnabled ? parseSavePoints(value) : []
      this.#tellWriteError()
    })
    config.onApply('save', (value) =>
      isEnabled || value === '' ? undefined : errors.disabledReason,
    )
    config.onValue('stop-writes-on-bgsave-error', () => this.#tellWriteError())
  }

  get lastSaveSeconds(): number {
    return Math.floor(this.#lastSaveMs / 1_000)
  }

  get writeError(): string | undefined {
    const { config } = this.#options
    const isDenied =
      this.#hasFailed &&
      this.#points.length > 0 &&
      config.value('stop-writes-on-bgsave-error') === 'yes'
    return isDenied ? errors.cannotSave : undefined
  }

  /** Loads what there is. Rejects when it cannot be loaded: then nothing may be served. */
  async load(): Promise<void> {
    if (!this.#options.isEnabled) return
    const { clock, files, log } = this.#options
    if (files.exists) {
      const startedMs = clock.monotonicMs()
      await this.#loadInSlices(files.path)
      const seconds = ((clock.monotonicMs() - startedMs) / 1_000).toFixed(3)
      const { keysLoaded, keysExpired } = this.#loaded
      log.info({}, `Done loading RDB, keys loaded: ${keysLoaded}, keys expired: ${keysExpired}.`)
      log.info({}, `DB loaded from disk: ${seconds} seconds`)
    }
    this.#options.propagation.changes = 0
    this.#setLoading(false)
  }

  /** Waits for a save that is under way to give up, and does what the end of the process asks for. */
  async stop(): Promise<void> {
    if (!this.#isShutDown) this.prepareShutdown('asConfigured')
    this.#running?.job.cancel()
    for (let turns = 0; this.#running !== undefined && turns < 10_000; turns += 1) {
      await setImmediate()
    }
  }

  /** Once per cycle: what is due by the clock. */
  runCycle(nowMs: number): void {
    if (this.#running !== undefined || this.isLoading) return
    const mayTry = !this.#hasFailed || nowMs - this.#lastTryMs > RETRY_DELAY_MS
    if (!mayTry) return
    const { changes } = this.#options.propagation
    const point = reachedSavePoint(this.#points, changes, nowMs - this.#lastSaveMs)
    if (point !== undefined) {
      this.#options.log.info({}, `${point.changes} changes in ${point.seconds} seconds. Saving...`)
    }
    if (point !== undefined || this.#isScheduled) this.#start()
  }

  save(): Outcome {
    if (!this.#options.isEnabled) return { error: errors.disabled }
    if (this.#running !== undefined) return { error: errors.saveInProgress }
    return this.#saveNow() ? { status: 'OK' } : { error: errors.failed }
  }

  saveInBackground({ isInTransaction }: { readonly isInTransaction: boolean }): Outcome {
    if (!this.#options.isEnabled) return { error: errors.disabled }
    if (this.#running !== undefined) return { error: errors.saveInProgress }
    if (isInTransaction) {
      this.#isScheduled = true
      return { status: 'Background saving scheduled' }
    }
    this.#start()
    return { status: 'Background saving started' }
  }

  rewriteLog(): Outcome {
    return { error: errors.disabled }
  }

  reload({ merges, keepsKeys, skipsSaving }: ReloadOptions): Outcome {
    const { files, isEnabled, log } = this.#options
    if (!isEnabled) return { error: errors.disabled }
    if (!skipsSaving && !this.#saveNow()) return { error: errors.failed }
    if (!keepsKeys) this.#options.emptied()
    this.#setLoading(true)
    try {
      this.#loadNow(files.path, merges)
      log.warn({}, 'DB reloaded by DEBUG RELOAD')
      return { status: 'OK' }
    } catch (error) {
      log.error({ err: error }, 'Error trying to load the RDB dump')
      return { error: errors.reloadFailed }
    } finally {
      this.#setLoading(false)
    }
  }

  reloadLog(): Outcome {
    return { error: errors.disabled }
  }

  /** As Redis: what was being saved is gone, and with save points the empty data set is saved at once. */
  flushed(): void {
    this.#running?.job.cancel()
    if (this.#points.length > 0 && this.#running === undefined) this.#saveNow()
  }

  prepareShutdown(saves: 'yes' | 'no' | 'asConfigured'): string | undefined {
    const { isEnabled, log } = this.#options
    this.#running?.job.cancel()
    const isWanted = saves === 'yes' || (saves === 'asConfigured' && this.#points.length > 0)
    if (isEnabled && isWanted && !this.isLoading) {
      log.info({}, 'Saving the final RDB snapshot before exiting.')
      if (!this.#saveNow()) {
        log.warn({}, "Error trying to save the DB, can't exit.")
        return errors.shutdownFailed
      }
    }
    this.#isShutDown = true
    return undefined
  }

  /** INFO's persistence section. */
  fields(): readonly (readonly [name: string, value: string | number])[] {
    const { clock, propagation } = this.#options
    const running = this.#running
    const elapsed = running === undefined ? -1 : seconds(clock.nowMs() - running.startedMs)
    return [
      ['current_save_keys_processed', running?.job.keysProcessed ?? 0],
      ['current_save_keys_total', running?.job.keysTotal ?? 0],
      ['rdb_changes_since_last_save', propagation.changes],
      ['rdb_bgsave_in_progress', running === undefined ? 0 : 1],
      ['rdb_last_save_time', this.lastSaveSeconds],
      ['rdb_last_bgsave_status', this.#hasFailed ? 'err' : 'ok'],
      ['rdb_last_bgsave_time_sec', this.#lastDurationSeconds],
      ['rdb_current_bgsave_time_sec', elapsed],
      ['rdb_saves', this.#saves],
      ['rdb_last_cow_size', 0],
      ['rdb_last_load_keys_expired', this.#loaded.keysExpired],
      ['rdb_last_load_keys_loaded', this.#loaded.keysLoaded],
    ]
  }

  #saveNow(): boolean {
    const { clock, files, log, propagation } = this.#options
    this.#saves += 1
    try {
      files.save(files.path, false)
    } catch (error) {
      log.error({ err: error }, 'Error saving DB on disk')
      return false
    }
    log.info({}, 'DB saved on disk')
    propagation.changes = 0
    this.#lastSaveMs = clock.nowMs()
    this.#setFailed(false)
    return true
  }

  #start(): void {
    const { clock, files, log, propagation } = this.#options
    this.#isScheduled = false
    this.#saves += 1
    this.#lastTryMs = clock.nowMs()
    const { changes } = propagation
    const job = files.background(files.path, false)
    this.#running = { job, startedMs: clock.nowMs() }
    log.info({}, 'Background saving started')
    job
      .run()
      .then((isWritten) => {
        if (!isWritten) return log.warn({}, 'Background saving cancelled')
        log.info({}, 'Background saving terminated with success')
        propagation.changes -= changes
        this.#lastSaveMs = clock.nowMs()
        this.#setFailed(false)
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'Background saving error')
        this.#setFailed(true)
      })
      .finally(() => {
        this.#lastDurationSeconds = seconds(clock.nowMs() - (this.#running?.startedMs ?? 0))
        this.#running = undefined
      })
  }

  async #loadInSlices(path: string): Promise<void> {
    const { clock, files } = this.#options
    const { loader, source } = files.open(path, { keepsExpired: false, replaces: false })
    this.progress = { startedMs: clock.nowMs(), totalBytes: source.size, loadedBytes: 0 }
    try {
      while (!loader.isDone) {
        const endsAtMs = clock.monotonicMs() + LOAD_SLICE_MS
        this.#options.beginTurn()
        loader.step(() => clock.monotonicMs() >= endsAtMs)
        this.progress.loadedBytes = loader.position
        await setImmediate()
      }
      this.#count(loader)
    } finally {
      source.close()
    }
  }

  #loadNow(path: string, replaces: boolean): void {
    const { loader, source } = this.#options.files.open(path, { keepsExpired: false, replaces })
    try {
      loader.step(() => false)
      this.#count(loader)
    } finally {
      source.close()
    }
  }

  #count({ keysLoaded, keysExpired }: RdbLoader): void {
    this.#loaded = { keysLoaded, keysExpired }
  }

  #setLoading(isLoading: boolean): void {
    this.isLoading = isLoading
    this.progress = undefined
    this.#options.onLoading(isLoading)
  }

  #setFailed(hasFailed: boolean): void {
    this.#hasFailed = hasFailed
    this.#tellWriteError()
  }

  #tellWriteError(): void {
    this.#options.onWriteError(this.writeError !== undefined)
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000)
}
