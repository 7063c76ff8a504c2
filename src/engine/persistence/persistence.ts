import { rmSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { ConfigService } from '../execution/context.ts'
import type {
  FinalSave,
  Outcome,
  PersistenceService,
  ReloadOptions,
} from '../execution/persistence-service.ts'
import type { Propagation } from '../execution/propagation.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import { cannotAppend } from '../protocol/persistence-errors.ts'
import { replyErrors as errors } from '../protocol/reply-errors.ts'
import type { AppendOnlyLog, Loading, Rewrite } from './append-only-log.ts'
import type { BackgroundSave } from './background-save.ts'
import { type KeyDelay, restAfterKeys } from './key-delay.ts'
import type { LoadProgress } from './load-progress.ts'
import type { LoadListener, RdbFiles } from './rdb-files.ts'
import type { RdbLoader } from './rdb-loader.ts'
import { parseSavePoints, reachedSavePoint, type SavePoint } from './save-points.ts'

/** After a save that failed, the next one is tried so much later (server.h, CONFIG_BGSAVE_RETRY_DELAY). */
const RETRY_DELAY_MS = 5_000
/** Loading lets others have a turn so often. */
const LOAD_SLICE_MS = 8
/** Rewrites that failed in a row before the next one is put off, by minutes that double (aof.c). */
const FAILURES_BEFORE_DELAY = 3
const REWRITE_DELAY_MINUTES_MAX = 60

const BUSY = 'but there is already another background operation'

export interface PersistenceOptions {
  readonly keyspace: Keyspace
  readonly config: ConfigService
  readonly clock: Clock
  readonly log: Logger
  readonly propagation: Propagation
  readonly files: RdbFiles
  readonly appendLog: AppendOnlyLog
  /** False where nothing is to be read or written, whatever the directives say. */
  readonly isEnabled: boolean
  /** Whether the running command is part of another one: of EXEC. */
  readonly isNested: () => boolean
  /** Sets the time that keys are judged by. */
  readonly beginTurn: () => void
  /** While a log is read again nothing is due, and nobody is told of what is done. */
  readonly onReplay: (isReplaying: boolean) => void
  /** A copy for replicas is being made. */
  readonly isCopying: () => boolean
  readonly onLoading: (isLoading: boolean) => void
  readonly onWriteError: (error: string | undefined) => void
  /** All keys have gone at once. */
  readonly emptied: () => void
  /** Hears of what the file tells that the engine starts with. */
  readonly startListener: LoadListener
}

interface RunningSave {
  readonly kind: 'rdb' | 'log'
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
  #isRewriteScheduled = false
  #rewrites = 0
  #rewriteFailures = 0
  #hasRewriteFailed = false
  #lastRewriteSeconds = -1
  #nextRewriteMs = 0
  /** appendonly, though its first base may have to wait. */
  #isLogWanted = false
  isLoading: boolean
  /** Once it has stopped: the files hold everything. */
  isKept = false
  readonly #loadDelay: KeyDelay

  constructor(options: PersistenceOptions) {
    this.#options = options
    const { clock, config } = options
    this.#loadDelay = {
      clock,
      delayUsec: () => config.integer('key-load-delay'),
      isCancelled: () => this.#isShutDown,
    }
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
    config.onApply('appendonly', (value) => this.#switchLog(value === 'yes'))
  }

  get snapshotsTaken(): number {
    return this.#options.files.snapshotsTaken
  }

  set snapshotsTaken(count: number) {
    this.#options.files.snapshotsTaken = count
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
    if (isDenied) return errors.cannotSave
    const { failure } = this.#options.appendLog
    return failure === undefined ? undefined : cannotAppend(failure)
  }

  /** Loads what there is. Rejects when it cannot be loaded: then nothing may be served. */
  async load(): Promise<void> {
    if (!this.#options.isEnabled) return
    const { appendLog, clock, config, files, log } = this.#options
    this.#isLogWanted = config.value('appendonly') === 'yes'
    const startedMs = clock.monotonicMs()
    if (this.#isLogWanted) await this.#loadLog(startedMs)
    else if (files.exists) {
      await this.#loadInSlices(files.path)
      const { keysLoaded, keysExpired } = this.#loaded
      log.info({}, `Done loading RDB, keys loaded: ${keysLoaded}, keys expired: ${keysExpired}.`)
      log.info({}, `DB loaded from disk: ${this.#secondsSince(startedMs)} seconds`)
    }
    if (this.#isLogWanted) await appendLog.begin()
    this.#options.propagation.changes = 0
    this.#setLoading(false)
  }

  async #loadLog(startedMs: number): Promise<void> {
    const { appendLog, clock, log } = this.#options
    appendLog.readManifest()
    if (appendLog.isEmpty) return
    let endsAtMs = 0
    const loading = appendLog.load(() => clock.monotonicMs() >= endsAtMs)
    this.progress = { startedMs: clock.nowMs(), totalBytes: appendLog.totalBytes, loadedBytes: 0 }
    for (;;) {
      endsAtMs = clock.monotonicMs() + LOAD_SLICE_MS
      this.#options.beginTurn()
      const loadedBytes = this.#replaySlice(loading)
      if (loadedBytes === undefined) break
      this.progress.loadedBytes = loadedBytes
      await this.#nextSlice(0)
    }
    log.info({}, `DB loaded from append only file: ${this.#secondsSince(startedMs)} seconds`)
  }

  async #nextSlice(keys: number): Promise<void> {
    await restAfterKeys(keys, this.#loadDelay)
    if (this.#isShutDown) throw new Error('Told to end while loading')
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

  #secondsSince(startedMs: number): string {
    return ((this.#options.clock.monotonicMs() - startedMs) / 1_000).toFixed(3)
  }

  /** Waits for a save that is under way to give up, and does what the end of the process asks for. */
  async stop(): Promise<void> {
    const { appendLog, isEnabled, propagation } = this.#options
    const isSaved = this.#isShutDown || !isEnabled || this.isLoading
    this.#isShutDown = true
    if (!isSaved && this.#points.length > 0) this.#saveNow()
    const isWhole = this.#isLogWanted ? appendLog.end() : propagation.changes === 0
    this.isKept = isWhole && isEnabled && !this.isLoading
    await this.#giveUpRunning()
  }

  async #giveUpRunning(): Promise<void> {
    this.#running?.job.cancel()
    for (let turns = 0; this.#running !== undefined && turns < 10_000; turns += 1) {
      await setImmediate()
    }
  }

  /** Once per cycle: what is due by the clock. */
  runCycle(nowMs: number): void {
    this.#options.appendLog.runCycle()
    if (this.#isBusy || this.isLoading) return
    if (this.#isRewriteScheduled) return this.#startRewrite()
    const mayTry = !this.#hasFailed || nowMs - this.#lastTryMs > RETRY_DELAY_MS
    const { changes } = this.#options.propagation
    const point = reachedSavePoint(this.#points, changes, nowMs - this.#lastSaveMs)
    if (mayTry && point !== undefined) {
      this.#options.log.info({}, `${point.changes} changes in ${point.seconds} seconds. Saving...`)
    }
    if (mayTry && (point !== undefined || this.#isScheduled)) this.#start()
    else this.#rewriteGrown(nowMs)
  }

  /** The log has grown by auto-aof-rewrite-percentage since the last rewrite. */
  #rewriteGrown(nowMs: number): void {
    const { appendLog, config, log } = this.#options
    const percentage = config.integer('auto-aof-rewrite-percentage')
    if (!appendLog.isOn || percentage === 0 || nowMs < this.#nextRewriteMs) return
    if (appendLog.currentSize <= config.integer('auto-aof-rewrite-min-size')) return
    const growth = (appendLog.currentSize * 100) / Math.max(1, appendLog.baseSize) - 100
    if (growth < percentage) return
    log.info({}, `Starting automatic rewriting of AOF on ${Math.floor(growth)}% growth`)
    this.#startRewrite()
  }

  save(): Outcome {
    if (!this.#options.isEnabled) return { error: errors.disabled }
    if (this.#isSaving) return { error: errors.saveInProgress }
    return this.#saveNow() ? { status: 'OK' } : { error: errors.failed }
  }

  saveInBackground({ isScheduled, isInTransaction }: SaveRequest): Outcome {
    if (!this.#options.isEnabled) return { error: errors.disabled }
    if (this.#isSaving) return { error: errors.saveInProgress }
    if (!this.#isBusy && !isInTransaction) {
      this.#start()
      return { status: 'Background saving started' }
    }
    if (!isScheduled && !isInTransaction) return { error: errors.otherInProgress }
    this.#isScheduled = true
    return { status: 'Background saving scheduled' }
  }

  rewriteLog(isInTransaction: boolean): Outcome {
    if (!this.#options.isEnabled) return { error: errors.disabled }
    if (this.#running?.kind === 'log') return { error: errors.rewriteInProgress }
    if (this.#isBusy || isInTransaction) {
      this.#isRewriteScheduled = true
      return { status: 'Background append only file rewriting scheduled' }
    }
    this.#startRewrite()
    return this.#running === undefined
      ? { error: errors.rewriteFailed }
      : { status: 'Background append only file rewriting started' }
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
    const { appendLog, isEnabled, log, propagation } = this.#options
    if (!isEnabled) return { error: errors.disabled }
    this.#setLoading(true)
    try {
      // Before what it is about is gone: all of it has to be in the files.
      appendLog.settle()
      this.#options.emptied()
      appendLog.readManifest()
      const loading = appendLog.load(() => false)
      while (this.#replaySlice(loading) !== undefined);
      propagation.changes = 0
      log.warn({}, 'Append Only File loaded by DEBUG LOADAOF')
      return { status: 'OK' }
    } catch (error) {
      log.error({ err: error }, 'Error trying to load the AOF files')
      return { error: errors.logReloadFailed }
    } finally {
      this.#setLoading(false)
    }
  }

  /** As Redis: what was being saved is gone, and with save points the empty data set is saved at once. */
  flushed(): void {
    if (this.#running?.kind === 'rdb') this.#running.job.cancel()
    if (this.#points.length > 0) this.#saveNow()
  }

  /** In slices, so that who insists on the end is heard. Writes have to wait meanwhile. */
  async prepareShutdown({ saves, isForced }: FinalSave): Promise<boolean> {
    const { appendLog, isEnabled, log } = this.#options
    const isWanted = saves === 'yes' || (saves === 'asConfigured' && this.#points.length > 0)
    if (isEnabled && !this.isLoading) {
      if (this.#running?.kind === 'log' && appendLog.awaitsBase) {
        log.warn({}, `Writing initial AOF${isForced ? '. Exit anyway.' : ", can't exit."}`)
        if (!isForced) return false
      }
      if (this.#running !== undefined) {
        const what = this.#running.kind === 'log' ? 'rewriting the AOF' : 'saving an .rdb'
        // It is no process here, but those who look for these words mean it.
        log.warn({}, `There is a child ${what}. Killing it!`)
      }
      this.#isShutDown = true
      await this.#giveUpRunning()
      if (appendLog.isOn) {
        log.info({}, 'Calling fsync() on the AOF file.')
        appendLog.sync()
      }
      if (isWanted && !(await this.#saveFinally())) {
        log.warn({}, `Error trying to save the DB${isForced ? '. Exit anyway.' : ", can't exit."}`)
        this.#isShutDown = isForced
        return isForced
      }
    }
    this.#isShutDown = true
    return true
  }

  async #saveFinally(): Promise<boolean> {
    const { clock, files, log, propagation } = this.#options
    log.info({}, 'Saving the final RDB snapshot before exiting.')
    // There is one snapshot at a time, and replicas are being given a copy: everything stands still instead.
    if (files.isBusy) return this.#saveNow()
    const job = files.background(files.path, false, files.finalAsidePath)
    this.#running = { kind: 'rdb', job, startedMs: clock.nowMs() }
    try {
      if (!(await job.run())) return false
      log.info({}, 'DB saved on disk')
      propagation.changes = 0
      return true
    } catch (error) {
      log.error({ err: error }, 'Write error saving DB on disk')
      return false
    } finally {
      this.#running = undefined
    }
  }

  /** The process ends now: what the last save has written so far is of no use. */
  abandonFinalSave(): void {
    rmSync(this.#options.files.finalAsidePath, { force: true })
  }

  /** A snapshot is being taken, by this or for replicas: there is one at a time. */
  get #isBusy(): boolean {
    return this.#running !== undefined || this.#options.files.isBusy
  }

  /** As Redis has it: a copy for replicas is a save, too. */
  get #isSaving(): boolean {
    if (this.#running !== undefined) return this.#running.kind === 'rdb'
    return this.#options.isCopying() || this.#options.files.isBusy
  }

  /** How far the save under way is. */
  get savedPercent(): number {
    const job = this.#running?.job
    return job === undefined ? 0 : (job.keysProcessed * 100) / Math.max(1, job.keysTotal)
  }

  /** INFO's persistence section. */
  fields(): readonly (readonly [name: string, value: string | number])[] {
    const { clock, propagation } = this.#options
    const running = this.#running
    const elapsed = running === undefined ? -1 : seconds(clock.nowMs() - running.startedMs)
    // A copy that nobody waits for any more is told no longer, though its walk goes on to the end.
    const isSaving = running === undefined ? this.#options.isCopying() : running.kind === 'rdb'
    const isRewriting = running?.kind === 'log'
    return [
      ['current_save_keys_processed', running?.job.keysProcessed ?? 0],
      ['current_save_keys_total', running?.job.keysTotal ?? 0],
      ['rdb_changes_since_last_save', propagation.changes],
      ['rdb_bgsave_in_progress', isSaving ? 1 : 0],
      ['rdb_last_save_time', this.lastSaveSeconds],
      ['rdb_last_bgsave_status', this.#hasFailed ? 'err' : 'ok'],
      ['rdb_last_bgsave_time_sec', this.#lastDurationSeconds],
      ['rdb_current_bgsave_time_sec', isSaving ? elapsed : -1],
      ['rdb_saves', this.#saves],
      ['rdb_last_cow_size', 0],
      ['rdb_last_load_keys_expired', this.#loaded.keysExpired],
      ['rdb_last_load_keys_loaded', this.#loaded.keysLoaded],
      ['aof_enabled', this.#isLogWanted ? 1 : 0],
      ['aof_rewrite_in_progress', isRewriting ? 1 : 0],
      ['aof_rewrite_scheduled', this.#isRewriteScheduled ? 1 : 0],
      ['aof_last_rewrite_time_sec', this.#lastRewriteSeconds],
      ['aof_current_rewrite_time_sec', isRewriting ? elapsed : -1],
      ['aof_last_bgrewrite_status', this.#hasRewriteFailed ? 'err' : 'ok'],
      ['aof_rewrites', this.#rewrites],
      ['aof_rewrites_consecutive_failures', this.#rewriteFailures],
      ['aof_last_write_status', this.#options.appendLog.failure === undefined ? 'ok' : 'err'],
      ['aof_last_cow_size', 0],
      ['module_fork_in_progress', 0],
      ['module_fork_last_cow_size', 0],
      ...this.#logFields(),
    ]
  }

  #logFields(): readonly (readonly [name: string, value: string | number])[] {
    const { appendLog } = this.#options
    if (!appendLog.isOn) return []
    return [
      ['aof_current_size', appendLog.currentSize],
      ['aof_base_size', appendLog.baseSize],
      ['aof_pending_rewrite', 0],
      ['aof_buffer_length', appendLog.bufferBytes],
      ['aof_pending_bio_fsync', appendLog.isSyncing ? 1 : 0],
      ['aof_delayed_fsync', appendLog.delayedSyncs],
    ]
  }

  /** CONFIG SET appendonly. */
  #switchLog(isOn: boolean): string | undefined {
    const { appendLog, isEnabled, isNested } = this.#options
    if (!isEnabled) return isOn ? errors.disabledReason : undefined
    if (isOn === this.#isLogWanted) return undefined
    this.#isLogWanted = isOn
    if (!isOn) {
      this.#isRewriteScheduled = false
      if (this.#running?.kind === 'log') {
        this.#options.log.info({}, 'Killing running AOF rewrite child')
        this.#running.job.cancel()
      }
      appendLog.end()
      return undefined
    }
    const obstacle = isNested() ? 'during a transaction' : this.#isBusy ? BUSY : undefined
    if (obstacle === undefined) this.#startRewrite()
    else this.#scheduleFirstRewrite(obstacle)
    return undefined
  }

  /** What the transaction has changed so far would be in the base, and again in the log behind it. */
  #scheduleFirstRewrite(obstacle: string): void {
    this.#isRewriteScheduled = true
    this.#options.log.warn(
      {},
      `AOF was enabled ${obstacle}. An AOF background was scheduled to start when possible.`,
    )
  }

  #startRewrite(): void {
    const { appendLog, clock, log } = this.#options
    this.#isRewriteScheduled = false
    let rewrite: Rewrite
    try {
      rewrite = appendLog.beginRewrite(this.#isLogWanted)
    } catch (error) {
      log.error({ err: error }, "Can't rewrite append only file in background")
      return this.#countRewrite(true)
    }
    this.#rewrites += 1
    const { job, finish } = rewrite
    this.#running = { kind: 'log', job, startedMs: clock.nowMs() }
    log.info({}, 'Background append only file rewriting started')
    job
      .run()
      .then(async (isWritten) => {
        if (!isWritten) return this.#rewriteCancelled()
        log.info({}, 'Background AOF rewrite terminated with success')
        await finish()
        log.info({}, 'Background AOF rewrite finished successfully')
        this.#countRewrite(false)
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'Background AOF rewrite terminated with error')
        this.#countRewrite(true)
      })
      .finally(() => {
        this.#lastRewriteSeconds = seconds(clock.nowMs() - (this.#running?.startedMs ?? 0))
        this.#running = undefined
      })
  }

  /** The keys it was to hold are gone: what is in force goes on, unless it was to begin with this. */
  #rewriteCancelled(): void {
    this.#options.log.warn({}, 'Background AOF rewrite cancelled')
    if (this.#isLogWanted && !this.#isShutDown) this.#isRewriteScheduled = true
  }

  #countRewrite(hasFailed: boolean): void {
    this.#hasRewriteFailed = hasFailed
    this.#rewriteFailures = hasFailed ? this.#rewriteFailures + 1 : 0
    const excess = this.#rewriteFailures - FAILURES_BEFORE_DELAY
    const delayMinutes = excess < 0 ? 0 : Math.min(REWRITE_DELAY_MINUTES_MAX, 2 ** excess)
    this.#nextRewriteMs = this.#options.clock.nowMs() + delayMinutes * 60_000
    if (hasFailed && this.#isLogWanted && !this.#options.appendLog.isOn)
      this.#isRewriteScheduled = true
  }

  #saveNow(): boolean {
    const { clock, files, log, propagation } = this.#options
    this.#saves += 1
    try {
      files.save(files.path, false)
    } catch (error) {
      log.error({ err: error }, 'Write error saving DB on disk')
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
    this.#running = { kind: 'rdb', job, startedMs: clock.nowMs() }
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
    const { clock, files, startListener } = this.#options
    const { loader, source } = files.open(path, {
      keepsExpired: this.#isReplica,
      replaces: false,
      listener: startListener,
    })
    this.progress = { startedMs: clock.nowMs(), totalBytes: source.size, loadedBytes: 0 }
    try {
      while (!loader.isDone) {
        const endsAtMs = clock.monotonicMs() + LOAD_SLICE_MS
        const keysBefore = loader.keysLoaded
        this.#options.beginTurn()
        loader.step(() => this.#loadDelay.delayUsec() > 0 || clock.monotonicMs() >= endsAtMs)
        this.progress.loadedBytes = loader.position
        await this.#nextSlice(loader.keysLoaded - keysBefore)
      }
      this.#count(loader)
    } finally {
      source.close()
    }
  }

  #loadNow(path: string, replaces: boolean): void {
    const { loader, source } = this.#options.files.open(path, {
      keepsExpired: this.#isReplica,
      replaces,
    })
    try {
      loader.step(() => false)
      this.#count(loader)
    } finally {
      source.close()
    }
  }

  /** When keys go is its primary's to say. */
  get #isReplica(): boolean {
    return this.#options.config.value('replicaof') !== ''
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

  /** Told by the log, too. */
  readonly tellWriteError = (): void => this.#tellWriteError()

  #tellWriteError(): void {
    this.#options.onWriteError(this.writeError)
  }
}

interface SaveRequest {
  readonly isScheduled: boolean
  readonly isInTransaction: boolean
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000)
}
