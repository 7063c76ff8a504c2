import { closeSync, existsSync, openSync, truncateSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { ConfigService } from '../execution/context.ts'
import type { Propagation, PropagationSink } from '../execution/propagation.ts'
import { AofDirectory } from './aof-directory.ts'
import type { AofManifest, LogFile } from './aof-manifest.ts'
import { AofFormatError, AofReader, type Replay } from './aof-reader.ts'
import { AofWriter, type AofWriterOptions, type SyncPolicy } from './aof-writer.ts'
import type { BackgroundSave } from './background-save.ts'
import type { FileUse, RdbFiles } from './rdb-files.ts'

export interface AppendOnlyLogOptions
  extends Omit<AofWriterOptions, 'policy' | 'isStrict' | 'hasTimestamps'> {
  readonly config: ConfigService
  readonly propagation: Propagation
  readonly files: RdbFiles
  readonly replay: Replay
}

/** What goes on in slices: so many bytes have been read. */
export type Loading = Generator<number, void, undefined>

/** The log cannot be loaded; the message says what is to be done. */
export class LogLoadError extends Error {
  override readonly name = 'LogLoadError'
}

const POLICIES: readonly SyncPolicy[] = ['always', 'everysec', 'no']

/** The append-only log: a base, which is all there was at one instant, and the effects that came after it. */
export class AppendOnlyLog {
  readonly #options: AppendOnlyLogOptions
  readonly #directory: AofDirectory
  readonly #writer: AofWriter
  #policy: SyncPolicy = 'everysec'
  #yieldsToSaves = false
  #hasTimestamps = false
  isOn = false
  /** Size of everything after the last rewrite, which the next one is measured by. */
  baseSize = 0
  /** Of the files before the one that is written. */
  #olderSize = 0
  /** Switched on, and the base that it starts with is not in place yet. */
  awaitsBase = false
  #lastIncrement = 0
  /** Bases begun: one that another has overtaken counts no more. */
  #rewrites = 0
  keysLoaded = 0
  /** Told when there is something to be written. */
  onPending: () => void = () => undefined

  constructor(options: AppendOnlyLogOptions) {
    const { config, log } = options
    this.#options = options
    this.#directory = new AofDirectory(config, log)
    this.#writer = new AofWriter({
      ...options,
      policy: () => this.policy,
      isStrict: () => this.#policy === 'always',
      hasTimestamps: () => this.#hasTimestamps,
    })
    config.onValue('appendfsync', (value) => {
      this.#policy = POLICIES.find((policy) => policy === value) ?? 'everysec'
    })
    config.onValue('no-appendfsync-on-rewrite', (value) => {
      this.#yieldsToSaves = value === 'yes'
    })
    config.onValue('aof-disable-auto-gc', (value) => {
      if (value === 'no' && this.isOn) void this.#deleteHistory()
    })
    config.onValue('aof-timestamp-enabled', (value) => {
      this.#hasTimestamps = value === 'yes'
    })
  }

  /** What is in effect: with no-appendfsync-on-rewrite a save has the disk to itself. */
  get policy(): SyncPolicy {
    return this.#yieldsToSaves && this.#options.isSaving() ? 'no' : this.#policy
  }

  get isPending(): boolean {
    return this.isOn && this.#writer.isPending
  }

  get failure(): string | undefined {
    return this.isOn ? this.#writer.failure : undefined
  }

  get currentSize(): number {
    return this.#olderSize + this.#writer.size
  }

  get bufferBytes(): number {
    return this.#writer.bufferBytes
  }

  get delayedSyncs(): number {
    return this.#writer.delayedSyncs
  }

  get isSyncing(): boolean {
    return this.#writer.isSyncing
  }

  /** Bytes of all files in force. */
  get totalBytes(): number {
    return this.#directory.files.reduce((sum, file) => sum + this.#directory.sizeOf(file), 0)
  }

  /** Reads the manifest. Throws when it is damaged, or names files that are not there. */
  readManifest(): void {
    this.#directory.load()
    for (const file of this.#directory.files) {
      if (existsSync(this.#directory.pathOf(file))) continue
      throw new LogLoadError(
        `The append log file ${file.name} doesn't exist: No such file or directory`,
      )
    }
  }

  get #baseUse(): FileUse {
    return this.#directory.baseFormat === 'rdb' ? 'rdbBase' : 'commandBase'
  }

  get isEmpty(): boolean {
    return this.#directory.isEmpty
  }

  /** Runs everything again, in slices that `isOver` ends. */
  *load(isOver: () => boolean): Loading {
    const { files } = this.#directory
    let loaded = 0
    for (const file of files) {
      const isLast = file === files.at(-1)
      yield* this.#loadFile(file, { isOver, isLast, loaded })
      loaded += this.#directory.sizeOf(file)
    }
  }

  *#loadFile(file: LogFile, { isOver, isLast, loaded }: FileLoading): Loading {
    const { clock, log } = this.#options
    const startedMs = clock.monotonicMs()
    const path = this.#directory.pathOf(file)
    const offset = yield* this.#loadPreamble(file, { isOver, isLast, loaded })
    if (offset < 0) return
    const reader = new AofReader(path, offset, this.#options.replay)
    try {
      while (!reader.isDone) {
        reader.step(isOver)
        yield loaded + reader.validOffset
      }
    } catch (error) {
      if (!(error instanceof AofFormatError)) throw error
      throw new LogLoadError(
        `Bad file format reading the append only file ${file.name}: make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest> (${error.message})`,
        { cause: error },
      )
    } finally {
      reader.close()
    }
    if (reader.isTruncated) this.#mend(file, reader, isLast)
    const kind = file.type === 'b' ? 'base' : 'incr'
    const seconds = ((clock.monotonicMs() - startedMs) / 1_000).toFixed(3)
    log.info({}, `DB loaded from ${kind} file ${file.name}: ${seconds} seconds`)
  }

  /** An RDB file before the commands, or in their place; gives where they start, or -1 when there are none. */
  *#loadPreamble(
    file: LogFile,
    { isOver, loaded }: FileLoading,
  ): Generator<number, number, undefined> {
    const path = this.#directory.pathOf(file)
    const { loader, source } = this.#options.files.open(path, {
      keepsExpired: true,
      replaces: false,
    })
    try {
      if (!loader.looksLikeRdb) return 0
      while (!loader.isDone) {
        loader.step(isOver)
        yield loaded + loader.position
      }
      this.keysLoaded = loader.keysLoaded
      return loader.position < source.size ? loader.position : -1
    } catch (error) {
      const kind = file.type === 'b' ? 'base' : 'preamble of the AOF'
      throw new LogLoadError(
        `Error reading the RDB ${kind} file ${file.name}, AOF loading aborted`,
        {
          cause: error,
        },
      )
    } finally {
      source.close()
    }
  }

  /** The end of the file was never written: the process, or the machine, went down. */
  #mend(file: LogFile, reader: AofReader, isLast: boolean): void {
    const { config, log } = this.#options
    if (!isLast) throw new LogLoadError('Fatal error: the truncated file is not the last file')
    if (config.value('aof-load-truncated') !== 'yes') {
      throw new LogLoadError(
        `Unexpected end of file reading the append only file ${file.name}. You can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.`,
      )
    }
    const offset = reader.validOffset
    log.warn({}, `!!! Warning: short read while loading the AOF file ${file.name}!!!`)
    log.warn({}, `!!! Truncating the AOF ${file.name} at offset ${offset} !!!`)
    truncateSync(this.#directory.pathOf(file), offset)
    log.warn({}, `AOF ${file.name} loaded anyway because aof-load-truncated is enabled`)
  }

  /** After loading, or with nothing to load: from now on effects are written down. */
  async begin(): Promise<void> {
    const directory = this.#directory
    const { log } = this.#options
    directory.create()
    if (directory.manifest.base === undefined && directory.manifest.increments.length === 0) {
      const base = directory.next('b')
      log.info({}, `Creating AOF base file ${base.name} on server start`)
      this.#options.files.save(directory.pathOf(base), this.#baseUse)
      directory.store({ ...directory.manifest, base })
    }
    const increment = directory.manifest.increments.at(-1)
    if (increment === undefined) this.#openIncrement(true)
    else {
      this.#writer.open(directory.pathOf(increment), directory.sizeOf(increment))
      log.info({}, `Opening AOF incr file ${increment.name} on server start`)
    }
    this.#measure()
    this.baseSize = this.currentSize
    this.#listen(true)
    await this.#deleteHistory()
  }

  /** Nothing is written down any more; what is on the disk stays. Tells whether that is everything. */
  end(): boolean {
    if (!this.isOn) return false
    const isWhole = this.#writer.sync() && !this.awaitsBase
    this.#writer.close()
    this.awaitsBase = false
    this.#listen(false)
    return isWhole
  }

  /**
   * A new base is about to be written, of what there is now: effects from now on go to a file of their own. Gives
   * the save to run and what is to be called when the base is in place. Switched on while the process runs, the log
   * counts only from then on.
   */
  beginRewrite(switchesOn: boolean): Rewrite {
    const directory = this.#directory
    const isInForce = this.isOn && !this.awaitsBase
    if (!this.isOn && switchesOn) directory.load()
    directory.create()
    const before = directory.manifest
    if (this.isOn) {
      this.#writer.flush(true)
      this.#writer.close()
    }
    const increment = this.isOn || switchesOn ? this.#openIncrement(isInForce) : undefined
    if (increment !== undefined) this.awaitsBase = !isInForce
    this.#listen(this.isOn || switchesOn)
    const base = directory.next('b')
    const job = this.#options.files.background(directory.pathOf(base), this.#baseUse)
    this.#rewrites += 1
    const number = this.#rewrites
    const finish = async (): Promise<void> => {
      if (number !== this.#rewrites) return rm(directory.pathOf(base), { force: true })
      this.#putInForce(before, base, increment)
      await this.#deleteHistory()
    }
    return { job, finish }
  }

  /** A new base, and the increment behind it, take the place of all that is in the manifest. */
  #putInForce(before: AofManifest, base: LogFile, increment: LogFile | undefined): void {
    const directory = this.#directory
    // In the order of Redis: what was given up last comes first.
    const old = [...before.increments, ...(before.base === undefined ? [] : [before.base])]
    directory.store({
      base,
      increments: increment === undefined ? [] : [increment],
      history: [...old.map((file) => ({ ...file, type: 'h' as const })), ...before.history],
    })
    this.awaitsBase = false
    this.#writer.recover()
    this.#measure()
    this.baseSize = this.currentSize
  }

  /** What cannot be deleted stays in the manifest, as of no use; a later try, or start, deletes it. */
  async #deleteHistory(): Promise<void> {
    try {
      await this.#directory.deleteHistory()
    } catch (error) {
      this.#options.log.warn({ err: error }, 'Error removing the history files of the AOF')
    }
  }

  flush(): boolean {
    return this.#writer.flush()
  }

  /**
   * Sees to it that the files hold everything there is, so that they can be read instead of it: also while the log has
   * been switched on and its first base is still being written, of which the files know nothing. Throws when the disk
   * refuses.
   */
  settle(): void {
    if (!this.isOn) return
    if (!this.#writer.flush(true)) throw new LogLoadError(`cannot write: ${this.failure ?? ''}`)
    if (!this.awaitsBase) return
    const directory = this.#directory
    const before = directory.manifest
    // Not the name that the one being written has.
    const base = directory.named('b', directory.next('b').sequence + 1)
    this.#options.files.save(directory.pathOf(base), this.#baseUse)
    this.#rewrites += 1
    this.#writer.close()
    const increment = this.#openIncrement(false)
    this.#putInForce(before, base, increment)
    void this.#deleteHistory()
  }

  sync(): boolean {
    return this.#writer.sync()
  }

  runCycle(): void {
    if (this.isOn) this.#writer.runCycle()
  }

  /** A file for what comes now; `isInForce` says that it is to be read behind those there are. */
  #openIncrement(isInForce: boolean): LogFile {
    const directory = this.#directory
    const last = this.#lastIncrement
    const next = directory.next('i')
    // One that was opened for a base that never came is in no manifest, and its number is taken all the same.
    const sequence = Math.max(next.sequence, last + 1)
    const increment = sequence === next.sequence ? next : directory.named('i', sequence)
    this.#lastIncrement = sequence
    // Before the manifest names it: who is killed in between has a file too many, and no name without a file.
    closeSync(openSync(directory.pathOf(increment), 'w', 0o644))
    if (isInForce) {
      const increments = [...directory.manifest.increments, increment]
      directory.store({ ...directory.manifest, increments })
    }
    this.#writer.open(directory.pathOf(increment), 0)
    this.#measure()
    this.#options.log.info({}, `Creating AOF incr file ${increment.name}`)
    return increment
  }

  #measure(): void {
    this.#olderSize = this.totalBytes - this.#writer.size
  }

  #listen(isOn: boolean): void {
    if (isOn === this.isOn) return
    this.isOn = isOn
    const { propagation } = this.#options
    if (isOn) propagation.addSink(this.#sink, 'log')
    else propagation.removeSink(this.#sink)
  }

  readonly #sink: PropagationSink = (databaseIndex, bytes, start, end) => {
    if (this.#writer.bufferBytes === 0) this.onPending()
    this.#writer.append(databaseIndex, bytes, start, end)
  }
}

export interface Rewrite {
  readonly job: BackgroundSave
  readonly finish: () => Promise<void>
}

interface FileLoading {
  readonly isOver: () => boolean
  readonly isLast: boolean
  /** Bytes of the files before. */
  readonly loaded: number
}
