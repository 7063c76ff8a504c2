import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { ConfigService } from '../execution/context.ts'
import type { AppendOnlyLog, Rewrite } from './append-only-log.ts'
import type { RunningJob } from './running-job.ts'

/** Rewrites that failed in a row before the next one is put off, by minutes that double (aof.c). */
const FAILURES_BEFORE_DELAY = 3
const DELAY_MINUTES_MAX = 60

export interface LogRewritesOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly config: ConfigService
  readonly appendLog: AppendOnlyLog
  readonly running: RunningJob
  /** The process is to end: nothing more is begun. */
  readonly isEnding: () => boolean
}

/** When the log gets a new base, and how that went. */
export class LogRewrites {
  /** appendonly, though the log's first base may have to wait. */
  isLogWanted = false
  /** One is to begin as soon as it may. */
  isScheduled = false
  readonly #options: LogRewritesOptions
  #count = 0
  #failures = 0
  #hasFailed = false
  #lastSeconds = -1
  #nextMs = 0

  constructor(options: LogRewritesOptions) {
    this.#options = options
  }

  /** Begins one when the log has grown by auto-aof-rewrite-percentage since the last. */
  startIfGrown(nowMs: number): void {
    const { appendLog, config, log } = this.#options
    const percentage = config.integer('auto-aof-rewrite-percentage')
    if (!appendLog.isOn || percentage === 0 || nowMs < this.#nextMs) return
    if (appendLog.currentSize <= config.integer('auto-aof-rewrite-min-size')) return
    const growth = (appendLog.currentSize * 100) / Math.max(1, appendLog.baseSize) - 100
    if (growth < percentage) return
    log.info({}, `Starting automatic rewriting of AOF on ${Math.floor(growth)}% growth`)
    this.start()
  }

  /** Whether it runs now: it cannot where its files cannot be made. */
  start(): boolean {
    const { appendLog, log, running } = this.#options
    this.isScheduled = false
    let rewrite: Rewrite
    try {
      rewrite = appendLog.beginRewrite(this.isLogWanted)
    } catch (error) {
      log.error({ err: error }, "Can't rewrite append only file in background")
      this.#counted(true)
      return false
    }
    this.#count += 1
    running.started('log', rewrite.job)
    log.info({}, 'Background append only file rewriting started')
    this.#follow(rewrite)
    return true
  }

  /** The log is begun later. What a transaction has changed so far would be in the base, and again in the log behind it. */
  scheduleFirst(obstacle: string): void {
    this.isScheduled = true
    this.#options.log.warn(
      {},
      `AOF was enabled ${obstacle}. An AOF background was scheduled to start when possible.`,
    )
  }

  /** The log is given up, and with it the base that is being written for it. */
  abandon(): void {
    const { log, running } = this.#options
    this.isScheduled = false
    if (running.kind !== 'log') return
    log.info({}, 'Killing running AOF rewrite child')
    running.cancel()
  }

  /** Their part of INFO's persistence section. */
  fields(): readonly (readonly [name: string, value: string | number])[] {
    const { running } = this.#options
    const isRunning = running.kind === 'log'
    return [
      ['aof_enabled', this.isLogWanted ? 1 : 0],
      ['aof_rewrite_in_progress', isRunning ? 1 : 0],
      ['aof_rewrite_scheduled', this.isScheduled ? 1 : 0],
      ['aof_last_rewrite_time_sec', this.#lastSeconds],
      ['aof_current_rewrite_time_sec', isRunning ? running.elapsedSeconds : -1],
      ['aof_last_bgrewrite_status', this.#hasFailed ? 'err' : 'ok'],
      ['aof_rewrites', this.#count],
      ['aof_rewrites_consecutive_failures', this.#failures],
    ]
  }

  #follow({ job, finish }: Rewrite): void {
    const { log, running } = this.#options
    job
      .run()
      .then(async (isWritten) => {
        if (!isWritten) return this.#cancelled()
        log.info({}, 'Background AOF rewrite terminated with success')
        await finish()
        log.info({}, 'Background AOF rewrite finished successfully')
        this.#counted(false)
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'Background AOF rewrite terminated with error')
        this.#counted(true)
      })
      .finally(() => {
        this.#lastSeconds = running.elapsedSeconds
        running.ended()
      })
  }

  /** The keys it was to hold are gone: what is in force goes on, unless it was to begin with this. */
  #cancelled(): void {
    const { isEnding, log } = this.#options
    log.warn({}, 'Background AOF rewrite cancelled')
    if (this.isLogWanted && !isEnding()) this.isScheduled = true
  }

  #counted(hasFailed: boolean): void {
    this.#hasFailed = hasFailed
    this.#failures = hasFailed ? this.#failures + 1 : 0
    const excess = this.#failures - FAILURES_BEFORE_DELAY
    const delayMinutes = excess < 0 ? 0 : Math.min(DELAY_MINUTES_MAX, 2 ** excess)
    this.#nextMs = this.#options.clock.nowMs() + delayMinutes * 60_000
    if (hasFailed && this.isLogWanted && !this.#options.appendLog.isOn) this.isScheduled = true
  }
}
