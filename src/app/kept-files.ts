import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type EmbeddedClient, type Engine, EngineReplyError } from '../engine/index.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../shared/logger.ts'
import { dataDirectoryError, reasonOf } from './data-directory.ts'
import { type RunRecord, readRunRecord, removeRunRecord, writeRunRecord } from './run-record.ts'

export interface KeepingOptions {
  readonly persistence: RunRecord['persistence']
  readonly appendfsync: 'always' | 'everysec' | 'no'
  /** Save points. */
  readonly save: string
  /** What becomes of what comes back and may be older than what was answered last. */
  readonly whenInDoubt: 'forget' | 'warn' | 'keep'
  /** Others may copy it, or it others; whoever goes on without it knows more than its files. */
  readonly mayHaveCopies: boolean
}

export interface KeptFilesOptions extends KeepingOptions {
  readonly directory: string
  readonly clock: Clock
  readonly log: Logger
  /** All that came back was given up. */
  readonly onForgotten: () => void
}

const PROGRESS_INTERVAL_MS = 2_000
const SWITCH_POLL_MS = 20

/** What one engine keeps on disk: loaded before anybody is served, complete when it was stopped. */
export class KeptFiles {
  readonly #options: KeptFilesOptions
  readonly #last: RunRecord | undefined
  #isLoaded = false
  #isWithdrawn = false
  #writeError: string | undefined

  constructor(options: KeptFilesOptions) {
    this.#options = options
    this.#last = readRunRecord(options.directory)
  }

  /** What the engine is made with. The files are loaded as they were written, whatever is to be written from now on. */
  get directives(): Readonly<Record<string, string>> {
    const { directory, save, appendfsync } = this.#options
    return {
      dir: directory,
      save,
      appendfsync,
      appendonly: this.#former === 'rdb' ? 'no' : 'yes',
    }
  }

  /** How the files were written last. */
  get #former(): RunRecord['persistence'] {
    return this.#last?.persistence ?? this.#options.persistence
  }

  /** Nobody is answered before the log has it, and there is no other log. */
  get #isAlwaysComplete(): boolean {
    const { appendfsync, mayHaveCopies, persistence } = this.#options
    return persistence === 'aof+rdb' && appendfsync === 'always' && !mayHaveCopies
  }

  /** Rejects when the files are damaged, or the disk refuses. */
  async load(engine: Engine, client: EmbeddedClient): Promise<void> {
    const { clock, log } = this.#options
    const bytes = sizeOf(this.#options.directory)
    const startedMs = clock.monotonicMs()
    await this.#loadFiles(engine)
    const keys = Number(client.call('DBSIZE'))
    const ms = Math.round(clock.monotonicMs() - startedMs)
    log.info({ keys, bytes, ms }, 'loaded what was kept')
    await this.#judge(client, keys)
    await this.#switch(client)
    this.#record(this.#isAlwaysComplete)
    this.#isLoaded = true
  }

  /** Before the engine stops: without save points Redis would end without a snapshot. */
  save(client: EmbeddedClient): void {
    const { persistence, save } = this.#options
    if (this.#isLoaded && persistence === 'rdb' && save === '') client.call('SAVE')
  }

  /** Once the engine has stopped; `isComplete`: the files hold all that anybody was answered. */
  finish(isComplete: boolean): void {
    if (!this.#isLoaded) return
    this.#record(isComplete)
    if (!isComplete) this.#options.log.warn({}, 'what is kept will count as after a crash')
  }

  /** Something is not in the files that somebody was answered, or will not be when the process ends now. */
  withdraw(): void {
    const { directory, log } = this.#options
    if (!this.#isLoaded || !this.#isAlwaysComplete || this.#isWithdrawn) return
    this.#isWithdrawn = true
    try {
      this.#record(false)
    } catch {
      try {
        removeRunRecord(directory)
      } catch (error) {
        log.error({ err: error }, 'after a crash, what comes back could be taken for complete')
      }
    }
  }

  /** Told by the engine when its files cannot be written, and why; and when they can again. */
  readonly noteWriteError = (error: string | undefined): void => {
    const { log } = this.#options
    const isKnown = (error === undefined) === (this.#writeError === undefined)
    this.#writeError = error
    if (isKnown) return
    if (error === undefined) return log.info({}, 'files can be written again')
    log.error({ reason: error }, 'files cannot be written: writes are refused until they can be')
    this.withdraw()
  }

  async #loadFiles(engine: Engine): Promise<void> {
    const { directory, log } = this.#options
    const progress = setInterval(() => {
      log.info(loadingFields(engine.info('persistence')), 'loading what was kept')
    }, PROGRESS_INTERVAL_MS)
    try {
      await engine.load()
    } catch (error) {
      const files = join(directory, this.#former === 'rdb' ? 'dump.rdb' : 'appendonlydir')
      const remedy = `put back a copy of ${directory}, or move it away to start without what is in it`
      throw dataDirectoryError(`${files} cannot be loaded: ${reasonOf(error)}; ${remedy}`, error)
    } finally {
      clearInterval(progress)
    }
  }

  async #judge(client: EmbeddedClient, keys: number): Promise<void> {
    const { log, mayHaveCopies, onForgotten, whenInDoubt } = this.#options
    if (this.#last?.isComplete === true || keys === 0) return
    const reason =
      this.#last === undefined
        ? 'nothing tells how the files were written'
        : 'the files may lack what was written last, here or by another primary'
    if (whenInDoubt === 'warn') {
      log.warn({ reason }, 'what was written last may be lost: ended and revoked may be good again')
    }
    if (whenInDoubt !== 'forget') return
    refused(client.call('FLUSHALL'))
    // Or whom it follows next would send only what it has missed.
    if (mayHaveCopies) refused(client.call('DEBUG', 'CHANGE-REPL-ID'))
    // The record that is written next may vouch for the log.
    await client.written()
    log.warn(
      { reason, keys },
      'forgot what was kept: it may be older than writes that were answered',
    )
    onForgotten()
  }

  /** To what is to be written from now on. All of it is on the disk before anybody is served. */
  async #switch(client: EmbeddedClient): Promise<void> {
    const { log, persistence } = this.#options
    const former = this.#former
    if (former === persistence) return
    const hasLog = persistence === 'aof+rdb'
    refused(client.call('CONFIG', 'SET', 'appendonly', hasLog ? 'yes' : 'no'))
    if (hasLog) await beginsLog(client)
    else refused(client.call('SAVE'))
    log.info({ former, persistence }, 'what is kept is written in another way from now on')
  }

  #record(isComplete: boolean): void {
    const { directory, persistence } = this.#options
    try {
      writeRunRecord(directory, { persistence, isComplete })
    } catch (error) {
      throw dataDirectoryError(`${directory} cannot be written: ${reasonOf(error)}`, error)
    }
  }
}

/** Until the log has a base, which holds all there is. */
async function beginsLog(client: EmbeddedClient): Promise<void> {
  for (;;) {
    const info = String(client.call('INFO', 'persistence'))
    if (!/^aof_rewrite_(in_progress|scheduled):1/m.test(info)) {
      if (/^aof_last_bgrewrite_status:ok/m.test(info)) return
      throw dataDirectoryError('the log cannot be begun: the lines before tell why')
    }
    await delay(SWITCH_POLL_MS)
  }
}

function refused(reply: unknown): void {
  if (reply instanceof EngineReplyError) throw dataDirectoryError(reply.message, reply)
}

function loadingFields(info: string): Readonly<Record<string, number>> {
  const field = (name: string): number =>
    Number(new RegExp(`^loading_${name}:(.*)\\r?$`, 'm').exec(info)?.[1] ?? 0)
  return { loadedBytes: field('loaded_bytes'), totalBytes: field('total_bytes') }
}

/** Of all files in it. */
function sizeOf(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, { name, parentPath }) => sum + statSync(join(parentPath, name)).size, 0)
}
