import { rmSync } from 'node:fs'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Propagation } from '../execution/propagation.ts'
import type { RdbFiles } from './rdb-files.ts'
import type { RunningJob } from './running-job.ts'
import { reachedSavePoint, type SavePoint } from './save-points.ts'

/** After a save that failed, the next one is tried so much later (server.h, CONFIG_BGSAVE_RETRY_DELAY). */
const RETRY_DELAY_MS = 5_000

export interface RdbSavesOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly files: RdbFiles
  readonly propagation: Propagation
  readonly running: RunningJob
  /** Whether the last one failed has changed. */
  readonly onOutcome: () => void
}

/** Saves to the file dump.rdb: when they are due, and how the last one went. */
export class RdbSaves {
  points: readonly SavePoint[] = []
  /** One is to begin as soon as it may. */
  isScheduled = false
  /** The last one that was tried. */
  hasFailed = false
  readonly #options: RdbSavesOptions
  #lastSaveMs: number
  #lastTryMs = Number.NEGATIVE_INFINITY
  #lastSeconds = -1
  #count = 0

  constructor(options: RdbSavesOptions) {
    this.#options = options
    this.#lastSaveMs = options.clock.nowMs()
  }

  /** The last one that succeeded, in seconds of the Unix epoch. */
  get lastSaveSeconds(): number {
    return Math.floor(this.#lastSaveMs / 1_000)
  }

  /** Begins one that is scheduled, or for which a save point is reached; false when none is due. */
  startIfDue(nowMs: number): boolean {
    const { log, propagation } = this.#options
    if (this.hasFailed && nowMs - this.#lastTryMs <= RETRY_DELAY_MS) return false
    const point = reachedSavePoint(this.points, propagation.changes, nowMs - this.#lastSaveMs)
    if (point === undefined && !this.isScheduled) return false
    if (point !== undefined) {
      log.info({}, `${point.changes} changes in ${point.seconds} seconds. Saving...`)
    }
    this.start()
    return true
  }

  /** Everything stands still meanwhile; false when it failed. */
  saveNow(): boolean {
    const { files, log } = this.#options
    this.#count += 1
    try {
      files.save(files.path, 'dump')
    } catch (error) {
      log.error({ err: error }, 'Write error saving DB on disk')
      return false
    }
    log.info({}, 'DB saved on disk')
    this.#options.propagation.changes = 0
    this.#saved()
    return true
  }

  start(): void {
    const { clock, files, log, propagation, running } = this.#options
    this.isScheduled = false
    this.#count += 1
    this.#lastTryMs = clock.nowMs()
    const { changes } = propagation
    const job = files.background(files.path, 'dump')
    running.started('rdb', job)
    log.info({}, 'Background saving started')
    job
      .run()
      .then((isWritten) => {
        if (!isWritten) return log.warn({}, 'Background saving cancelled')
        log.info({}, 'Background saving terminated with success')
        propagation.changes -= changes
        this.#saved()
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'Background saving error')
        this.#setFailed(true)
      })
      .finally(() => {
        this.#lastSeconds = running.elapsedSeconds
        running.ended()
      })
  }

  /** The last one before the end, in slices; false when it failed. */
  async saveFinally(): Promise<boolean> {
    const { files, log, propagation, running } = this.#options
    log.info({}, 'Saving the final RDB snapshot before exiting.')
    // There is one snapshot at a time, and replicas are being given a copy: everything stands still instead.
    if (files.isBusy) return this.saveNow()
    const job = files.background(files.path, 'dump', files.finalAsidePath)
    running.started('rdb', job)
    try {
      if (!(await job.run())) return false
      log.info({}, 'DB saved on disk')
      propagation.changes = 0
      return true
    } catch (error) {
      log.error({ err: error }, 'Write error saving DB on disk')
      return false
    } finally {
      running.ended()
    }
  }

  /** The process ends now: what the last save has written so far is of no use. */
  abandonFinal(): void {
    rmSync(this.#options.files.finalAsidePath, { force: true })
  }

  /** Their part of INFO's persistence section; a copy for replicas is told as one. */
  fields(isCopying: boolean): readonly (readonly [name: string, value: string | number])[] {
    const { propagation, running } = this.#options
    const isSaving = running.kind === undefined ? isCopying : running.kind === 'rdb'
    return [
      ['current_save_keys_processed', running.keysProcessed],
      ['current_save_keys_total', running.keysTotal],
      ['rdb_changes_since_last_save', propagation.changes],
      ['rdb_bgsave_in_progress', isSaving ? 1 : 0],
      ['rdb_last_save_time', this.lastSaveSeconds],
      ['rdb_last_bgsave_status', this.hasFailed ? 'err' : 'ok'],
      ['rdb_last_bgsave_time_sec', this.#lastSeconds],
      ['rdb_current_bgsave_time_sec', running.kind === 'rdb' ? running.elapsedSeconds : -1],
      ['rdb_saves', this.#count],
      ['rdb_last_cow_size', 0],
    ]
  }

  #saved(): void {
    this.#lastSaveMs = this.#options.clock.nowMs()
    this.#setFailed(false)
  }

  #setFailed(hasFailed: boolean): void {
    this.hasFailed = hasFailed
    this.#options.onOutcome()
  }
}
