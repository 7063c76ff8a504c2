import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { ConfigService } from '../execution/context.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import { Crc64 } from '../structures/crc64.ts'
import { BackgroundSave } from './background-save.ts'
import { AsideFile, asidePathIn, writeFileAside } from './durable-file.ts'
import { FileSource } from './file-source.ts'
import { RdbLoader } from './rdb-loader.ts'
import { RdbOutput } from './rdb-output.ts'
import { type AccessKind, type RdbHeader, RdbWriter } from './rdb-writer.ts'
import { Snapshot } from './snapshot.ts'
import type { ValueReader } from './value-reader.ts'
import type { ValueWriter } from './value-writer.ts'

const CHUNK_BYTES = 1_024 * 1_024
const SUM_BYTES = 8

/** The function libraries, for files to keep. */
export interface LibrarySource {
  libraryCodes(): Iterable<Uint8Array>
  /** The error's text when it cannot be loaded. With `replaces` one of the same name gives way. */
  restoreLibrary(code: Buffer, replaces: boolean): string | undefined
}

export interface RdbFilesOptions {
  readonly keyspace: Keyspace
  readonly config: ConfigService
  readonly clock: Clock
  readonly log: Logger
  readonly reader: ValueReader
  readonly writer: ValueWriter
  readonly libraries: LibrarySource
  readonly version: string
  readonly usedBytes: () => number
  readonly checksSums: () => boolean
  /** Tells this engine's files from those of others that write in the same directory. */
  readonly processId: number
}

export interface LoadOptions {
  readonly keepsExpired: boolean
  readonly replaces: boolean
}

/** Writes and reads RDB files of the whole keyspace. */
export class RdbFiles {
  readonly #options: RdbFilesOptions

  constructor(options: RdbFilesOptions) {
    this.#options = options
  }

  /** Where `dir` and `dbfilename` say. */
  get path(): string {
    const { config } = this.#options
    return join(config.value('dir'), config.value('dbfilename'))
  }

  get exists(): boolean {
    return existsSync(this.path)
  }

  /** At once, while everything stands still. Throws when the disk refuses. */
  save(path: string, isLogBase: boolean): void {
    const { config, keyspace } = this.#options
    const hasSum = config.value('rdbchecksum') === 'yes'
    const sum = new Crc64()
    const writer = this.#newWriter()
    const { output } = writer
    writeFileAside(path, this.#asidePath(path), (append) => {
      const flush = (bytesMin: number): void => {
        if (output.length < bytesMin) return
        if (hasSum) sum.update(output.bytes, 0, output.length)
        append(output.written())
        output.clear()
      }
      writer.writeHeader(this.#header(isLogBase))
      for (const database of keyspace.databases) {
        if (database.size === 0) continue
        writer.beginDatabase(database.index, database.size, database.volatileCount)
        let cursor = 0
        do {
          cursor = database.scanAll(cursor, (record) =>
            writer.writeKey(database.index, database, record),
          )
          flush(CHUNK_BYTES)
        } while (cursor !== 0)
      }
      writer.writeEnd()
      flush(1)
      const footer = new Uint8Array(SUM_BYTES)
      if (hasSum) sum.writeTo(footer, 0)
      append(footer)
    })
  }

  /** What there is now, in slices: `run` it. */
  background(path: string, isLogBase: boolean): BackgroundSave {
    const { clock, config, keyspace } = this.#options
    const writer = this.#newWriter()
    return new BackgroundSave({
      snapshot: new Snapshot(keyspace, writer, this.#header(isLogBase)),
      output: writer.output,
      file: new AsideFile(path, this.#asidePath(path)),
      clock,
      hasSum: config.value('rdbchecksum') === 'yes',
      keyDelayUsec: () => config.integer('rdb-key-save-delay'),
    })
  }

  /** Throws when there is no such file. The caller closes the source. */
  open(
    path: string,
    options: LoadOptions,
  ): { readonly loader: RdbLoader; readonly source: FileSource } {
    const { checksSums, config, keyspace, libraries, log, reader } = this.#options
    const source = new FileSource(path)
    // What clients bring is looked at by RESTORE.
    reader.isDeep = config.value('sanitize-dump-payload') === 'yes'
    reader.countsChecks = reader.isDeep
    const loader = new RdbLoader({
      ...options,
      keyspace,
      values: reader,
      source,
      checksSum: config.value('rdbchecksum') === 'yes' && checksSums(),
      onField: (name, value) => log.debug({ name, value }, 'RDB auxiliary field'),
      onLibrary: (code) => libraries.restoreLibrary(code, options.replaces),
      onSkipped: (key) => log.info({}, `rdbLoadObject skipping empty key: ${key}`),
    })
    return { loader, source }
  }

  #newWriter(): RdbWriter {
    const { config, writer } = this.#options
    const output = new RdbOutput()
    output.compresses = config.value('rdbcompression') === 'yes'
    return new RdbWriter({ output, values: writer, access: this.#access })
  }

  get #access(): AccessKind {
    const policy = this.#options.config.value('maxmemory-policy')
    if (policy.endsWith('-lru')) return 'idle'
    return policy.endsWith('-lfu') ? 'frequency' : 'none'
  }

  #header(isLogBase: boolean): RdbHeader {
    const { clock, libraries, usedBytes, version } = this.#options
    return {
      fields: [
        ['redis-ver', version],
        ['redis-bits', '64'],
        ['ctime', String(Math.floor(clock.nowMs() / 1_000))],
        ['used-mem', String(usedBytes())],
        ['aof-base', isLogBase ? '1' : '0'],
      ],
      libraries: libraries.libraryCodes(),
    }
  }

  #asidePath(path: string): string {
    return asidePathIn(join(path, '..'), 'gerbang-', this.#options.processId)
  }
}
