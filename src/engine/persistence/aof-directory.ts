import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Logger } from '../../shared/logger.ts'
import { syncDirectory, syncDirectoryBehind } from '../../shared/sync-directory.ts'
import type { ConfigService } from '../execution/context.ts'
import {
  type AofManifest,
  EMPTY_MANIFEST,
  formatManifest,
  type LogFile,
  type LogFileType,
  parseManifest,
} from './aof-manifest.ts'
import { writeFileAside } from './durable-file.ts'

/** The folder of the log and its manifest, which tells what is in force. */
export class AofDirectory {
  readonly #config: ConfigService
  readonly #log: Logger
  manifest: AofManifest = EMPTY_MANIFEST

  constructor(config: ConfigService, log: Logger) {
    this.#config = config
    this.#log = log
  }

  get path(): string {
    return join(this.#config.value('dir'), this.#config.value('appenddirname'))
  }

  get #name(): string {
    return this.#config.value('appendfilename')
  }

  get #manifestPath(): string {
    return join(this.path, `${this.#name}.manifest`)
  }

  /** Reads the manifest; throws a ManifestError when it is damaged. A log of Redis 6 is taken in. */
  load(): void {
    this.manifest = existsSync(this.#manifestPath) ? this.#read() : EMPTY_MANIFEST
    if (this.#hasOldLog) this.#adoptOldLog()
  }

  #read(): AofManifest {
    try {
      return parseManifest(readFileSync(this.#manifestPath, 'latin1'))
    } catch (error) {
      this.#log.error({}, '*** FATAL AOF MANIFEST FILE ERROR ***')
      throw error
    }
  }

  get isEmpty(): boolean {
    return this.manifest.base === undefined && this.manifest.increments.length === 0
  }

  /** The files in force, in the order they are to be read. */
  get files(): readonly LogFile[] {
    const { base, increments } = this.manifest
    return base === undefined ? increments : [base, ...increments]
  }

  pathOf({ name }: LogFile): string {
    return join(this.path, name)
  }

  sizeOf(file: LogFile): number {
    return statSync(this.pathOf(file), { throwIfNoEntry: false })?.size ?? 0
  }

  /** The name that the next file of this sort gets. */
  next(type: Exclude<LogFileType, 'h'>): LogFile {
    const { base, increments } = this.manifest
    const last = type === 'b' ? base?.sequence : increments.at(-1)?.sequence
    return this.named(type, (last ?? 0) + 1)
  }

  /** As aof-use-rdb-preamble says for the next base. */
  get baseFormat(): 'aof' | 'rdb' {
    return this.#config.value('aof-use-rdb-preamble') === 'yes' ? 'rdb' : 'aof'
  }

  named(type: Exclude<LogFileType, 'h'>, sequence: number): LogFile {
    const ending = type === 'b' ? `base.${this.baseFormat}` : 'incr.aof'
    return { name: `${this.#name}.${sequence}.${ending}`, sequence, type }
  }

  create(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o755 })
  }

  /** From now on this manifest is in force. Throws when it cannot be written: then the old one is. */
  store(manifest: AofManifest): void {
    const aside = join(this.path, `temp-${basename(this.#manifestPath)}`)
    const text = Buffer.from(formatManifest(manifest), 'latin1')
    writeFileAside(this.#manifestPath, aside, (append) => append(text))
    this.manifest = manifest
  }

  /** Deletes what is needed no more, on another thread: to free the blocks of a large file takes long. */
  async deleteHistory(): Promise<void> {
    const { history } = this.manifest
    if (history.length === 0 || this.#config.value('aof-disable-auto-gc') === 'yes') return
    for (const { name } of history) {
      this.#log.info({}, `Removing the history file ${name} in the background`)
    }
    await Promise.all(history.map((file) => rm(this.pathOf(file), { force: true })))
    // Or the manifest would wait for all of that when it is flushed.
    await syncDirectoryBehind(this.path)
    const names = new Set(history.map(({ name }) => name))
    const left = this.manifest.history.filter(({ name }) => !names.has(name))
    this.store({ ...this.manifest, history: left })
  }

  /** `appendonly.aof` in `dir` itself. */
  get #oldPath(): string {
    return join(this.#config.value('dir'), this.#name)
  }

  /** It is there, and there is nothing newer: at most a manifest from which this was going to be the base. */
  get #hasOldLog(): boolean {
    if (!statSync(this.#oldPath, { throwIfNoEntry: false })?.isFile()) return false
    const { base, increments } = this.manifest
    if (increments.length > 0) return false
    return base === undefined || (base.name === this.#name && !existsSync(this.pathOf(base)))
  }

  /** It becomes the base of a log of several files. Who is killed in between does it again. */
  #adoptOldLog(): void {
    this.create()
    this.store({ ...EMPTY_MANIFEST, base: { name: this.#name, sequence: 1, type: 'b' } })
    renameSync(this.#oldPath, join(this.path, this.#name))
    syncDirectory(this.path)
    const directory = this.#config.value('appenddirname')
    this.#log.info(
      {},
      `Successfully migrated an old-style AOF file (${this.#name}) into the AOF directory (${directory}).`,
    )
  }
}
