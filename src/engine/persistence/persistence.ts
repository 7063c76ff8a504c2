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
import { cannotAppend } from '../protocol/persistence-errors.ts'
import { replyErrors as errors } from '../protocol/reply-errors.ts'
import type { AppendOnlyLog } from './append-only-log.ts'
import { DataLoader } from './data-loader.ts'
import type { LoadProgress } from './load-progress.ts'
import { LogRewrites } from './log-rewrites.ts'
import type { LoadListener, RdbFiles } from './rdb-files.ts'
import { RdbSaves } from './rdb-saves.ts'
import { RunningJob } from './running-job.ts'
import { parseSavePoints } from './save-points.ts'

const BUSY = 'but there is already another background operation'

export interface PersistenceOptions {
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

/** The data set on disk: when it is saved, and what is loaded at the start. */
export class Persistence implements PersistenceService {
  readonly #options: PersistenceOptions
  readonly #running: RunningJob
  readonly #saves: RdbSaves
  readonly #rewrites: LogRewrites
  readonly #loader: DataLoader
  #isShutDown = false
  isLoading: boolean
  /** Once it has stopped: the files hold everything. */
  isKept = false

  constructor(options: PersistenceOptions) {
    this.#options = options
    this.#running = new RunningJob(options.clock, options.files)
    const parts = { ...options, running: this.#running, isEnding: () => this.#isShutDown }
    this.#saves = new RdbSaves({ ...parts, onOutcome: this.tellWriteError })
    this.#rewrites = new LogRewrites(parts)
    this.#loader = new DataLoader(parts)
    this.isLoading = options.isEnabled
  }

  /** From now on its guards and directives are in effect. */
  begin(): void {
    const { config, isEnabled, onLoading } = this.#options
    onLoading(this.isLoading)
    config.onValue('save', (value) => {
      this.#saves.points = isEnabled ? parseSavePoints(value) : []
      this.tellWriteError()
    })
    config.onApply('save', (value) =>
      isEnabled || value === '' ? undefined : errors.disabledReason,
    )
    config.onValue('stop-writes-on-bgsave-error', this.tellWriteError)
    config.onApply('appendonly', (value) => this.#switchLog(value === 'yes'))
  }

  get snapshotsTaken(): number {
    return this.#options.files.snapshotsTaken
  }

  set snapshotsTaken(count: number) {
    this.#options.files.snapshotsTaken = count
  }

  get lastSaveSeconds(): number {
    return this.#saves.lastSaveSeconds
  }

  /** Of what is being loaded; `undefined` when nothing is. */
  get progress(): LoadProgress | undefined {
    return this.#loader.progress
  }

  get writeError(): string | undefined {
    const { config } = this.#options
    const isDenied =
      this.#saves.hasFailed &&
      this.#saves.points.length > 0 &&
      config.value('stop-writes-on-bgsave-error') === 'yes'
    if (isDenied) return errors.cannotSave
    const { failure } = this.#options.appendLog
    return failure === undefined ? undefined : cannotAppend(failure)
  }

  /** Loads what there is. Rejects when it cannot be loaded: then nothing may be served. */
  async load(): Promise<void> {
    if (!this.#options.isEnabled) return
    const { appendLog, config, files, propagation } = this.#options
    this.#rewrites.isLogWanted = config.value('appendonly') === 'yes'
    if (this.#rewrites.isLogWanted) {
      await this.#loader.loadLog()
      await appendLog.begin()
    } else if (files.exists) {
      await this.#loader.loadFile()
    }
    propagation.changes = 0
    this.#setLoading(false)
  }

  /** Waits for a save that is under way to give up, and does what the end of the process asks for. */
  async stop(): Promise<void> {
    const { appendLog, isEnabled, propagation } = this.#options
    const isSaved = this.#isShutDown || !isEnabled || this.isLoading
    this.#isShutDown = true
    if (!isSaved && this.#saves.points.length > 0) this.#saves.saveNow()
    const isWhole = this.#rewrites.isLogWanted ? appendLog.end() : propagation.changes === 0
    this.isKept = isWhole && isEnabled && !this.isLoading
    await this.#giveUpRunning()
  }

  async #giveUpRunning(): Promise<void> {
    this.#running.cancel()
    for (let turns = 0; this.#running.kind !== undefined && turns < 20_000; turns += 1) {
      await setImmediate()
    }
  }

  /** Once per cycle: what is due by the clock. */
  runCycle(nowMs: number): void {
    this.#options.appendLog.runCycle()
    if (this.#running.isBusy || this.isLoading) return
    if (this.#rewrites.isScheduled) this.#rewrites.start()
    else if (!this.#saves.startIfDue(nowMs)) this.#rewrites.startIfGrown(nowMs)
  }

  save(): Outcome {
    if (!this.#options.isEnabled) return { error: errors.disabled }
    if (this.#isSaving) return { error: errors.saveInProgress }
    return this.#saves.saveNow() ? { status: 'OK' } : { error: errors.failed }
  }

  saveInBackground({ isScheduled, isInTransaction }: SaveRequest): Outcome {
    if (!this.#options.isEnabled) return { error: errors.disabled }
    if (this.#isSaving) return { error: errors.saveInProgress }
    if (!this.#running.isBusy && !isInTransaction) {
      this.#saves.start()
      return { status: 'Background saving started' }
    }
    if (!isScheduled && !isInTransaction) return { error: errors.otherInProgress }
    this.#saves.isScheduled = true
    return { status: 'Background saving scheduled' }
  }

  rewriteLog(isInTransaction: boolean): Outcome {
    if (!this.#options.isEnabled) return { error: errors.disabled }
    if (this.#running.kind === 'log') return { error: errors.rewriteInProgress }
    if (this.#running.isBusy || isInTransaction) {
      this.#rewrites.isScheduled = true
      return { status: 'Background append only file rewriting scheduled' }
    }
    return this.#rewrites.start()
      ? { status: 'Background append only file rewriting started' }
      : { error: errors.rewriteFailed }
  }

  reload({ merges, keepsKeys, skipsSaving }: ReloadOptions): Outcome {
    const { isEnabled, log } = this.#options
    if (!isEnabled) return { error: errors.disabled }
    if (!skipsSaving && !this.#saves.saveNow()) return { error: errors.failed }
    if (!keepsKeys) this.#options.emptied()
    this.#setLoading(true)
    try {
      this.#loader.loadFileNow(merges)
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
      this.#loader.loadLogNow()
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
    if (this.#running.kind === 'rdb') this.#running.cancel()
    if (this.#saves.points.length > 0) this.#saves.saveNow()
  }

  /** In slices, so that who insists on the end is heard. Writes have to wait meanwhile. */
  async prepareShutdown({ saves, isForced }: FinalSave): Promise<boolean> {
    const { appendLog, isEnabled, log } = this.#options
    const isWanted = saves === 'yes' || (saves === 'asConfigured' && this.#saves.points.length > 0)
    if (isEnabled && !this.isLoading) {
      if (this.#running.kind === 'log' && appendLog.awaitsBase) {
        log.warn({}, `Writing initial AOF${isForced ? '. Exit anyway.' : ", can't exit."}`)
        if (!isForced) return false
      }
      if (this.#running.kind !== undefined) {
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
      if (isWanted && !(await this.#saves.saveFinally())) {
        log.warn({}, `Error trying to save the DB${isForced ? '. Exit anyway.' : ", can't exit."}`)
        this.#isShutDown = isForced
        return isForced
      }
    }
    this.#isShutDown = true
    return true
  }

  /** The process ends now: what the last save has written so far is of no use. */
  abandonFinalSave(): void {
    this.#saves.abandonFinal()
  }

  /** As Redis has it: a copy for replicas is a save, too. */
  get #isSaving(): boolean {
    if (this.#running.kind !== undefined) return this.#running.kind === 'rdb'
    return this.#options.isCopying() || this.#options.files.isBusy
  }

  /** How far the save under way is. */
  get savedPercent(): number {
    return this.#running.percent
  }

  /** INFO's persistence section. */
  fields(): readonly (readonly [name: string, value: string | number])[] {
    return [
      // A copy that nobody waits for any more is told no longer, though its walk goes on to the end.
      ...this.#saves.fields(this.#options.isCopying()),
      ...this.#loader.fields(),
      ...this.#rewrites.fields(),
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
    if (isOn === this.#rewrites.isLogWanted) return undefined
    this.#rewrites.isLogWanted = isOn
    if (!isOn) {
      this.#rewrites.abandon()
      appendLog.end()
      return undefined
    }
    const obstacle = isNested() ? 'during a transaction' : this.#running.isBusy ? BUSY : undefined
    if (obstacle === undefined) this.#rewrites.start()
    else this.#rewrites.scheduleFirst(obstacle)
    return undefined
  }

  #setLoading(isLoading: boolean): void {
    this.isLoading = isLoading
    this.#loader.progress = undefined
    this.#options.onLoading(isLoading)
  }

  /** Told by the log, too. */
  readonly tellWriteError = (): void => this.#options.onWriteError(this.writeError)
}

interface SaveRequest {
  readonly isScheduled: boolean
  readonly isInTransaction: boolean
}
