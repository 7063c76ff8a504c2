import { existsSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Clock } from '../../shared/clock.ts'
import type { Logger } from '../../shared/logger.ts'
import type { ConfigService } from '../execution/context.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import { BackgroundSave } from './background-save.ts'
import { CommandWriter } from './command-writer.ts'
import { AsideFile, asidePathIn, writeFileAside } from './durable-file.ts'
import { FileSource } from './file-source.ts'
import { PACKING_PROGRAM } from './packing-thread.ts'
import { RdbLoader } from './rdb-loader.ts'
import { RdbOutput } from './rdb-output.ts'
import { RdbSum } from './rdb-sum.ts'
import { type AccessKind, type RdbHeader, RdbWriter } from './rdb-writer.ts'
import type { SaveTarget } from './save-target.ts'
import { Snapshot } from './snapshot.ts'
import type { SnapshotWriter } from './snapshot-writer.ts'
import { StringPlaces } from './string-places.ts'
import type { ValueReader } from './value-reader.ts'

const CHUNK_BYTES = 1_024 * 1_024

/** The function libraries, for files to keep. */
export interface LibrarySource {
  libraryCodes(): Iterable<Uint8Array>
  /** The error's text when it cannot be loaded. With `replaces` one of the same name gives way. */
  restoreLibrary(code: Buffer, replaces: boolean): string | undefined
}

/** Where the replication stream is: who loads a file that tells it may go on from there. */
export interface StreamPosition {
  readonly replicationId: string
  readonly offset: number
  /** The database that the stream has selected. */
  readonly database: number
}

/** What a file is for: the dump, or the base of the log, as an RDB file or in commands. */
export type FileUse = 'dump' | 'rdbBase' | 'commandBase'

/** What a replica is given of everything. */
export interface CopyContent {
  readonly position: StreamPosition
  readonly hasKeys: boolean
  readonly hasFunctions: boolean
}

export interface RdbFilesOptions {
  readonly keyspace: Keyspace
  readonly config: ConfigService
  readonly clock: Clock
  readonly log: Logger
  readonly reader: ValueReader
  readonly libraries: LibrarySource
  readonly version: string
  readonly usedBytes: () => number
  /** Undefined where nobody replicates. */
  readonly position: () => StreamPosition | undefined
  readonly checksSums: () => boolean
  readonly latency: (event: string, ms: number) => void
  /** Tells this engine's files from those of others that write in the same directory. */
  readonly processId: number
  /** Whether `dir` is this engine's to write in. */
  readonly isPersistent: boolean
}

export interface LoadOptions {
  readonly keepsExpired: boolean
  readonly replaces: boolean
  readonly listener?: LoadListener
}

/** Hears of what is no key. */
export interface LoadListener {
  /** An auxiliary field; all of them come before the first key. */
  onField(name: string, value: string): void
  /** A key was due, and is left out. */
  onExpired(databaseIndex: number, key: Uint8Array): void
}

/** Writes files of the whole keyspace, and reads those that are RDB files. */
export class RdbFiles {
  readonly #options: RdbFilesOptions
  #asideCount = 0
  /** Snapshots begun, for files or replicas. */
  snapshotsTaken = 0

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
  save(path: string, use: FileUse): void {
    const { keyspace } = this.#options
    const writer = this.#newWriter(use, true)
    const { output, sum } = writer
    writeFileAside(path, this.#asidePath(path), (append) => {
      const flush = (bytesMin: number): void => {
        if (output.length < bytesMin) return
        sum?.update(output.written())
        append(output.written())
        output.clear()
      }
      writer.writeHeader()
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
      if (sum !== undefined) append(sum.spelled())
    })
  }

  /** Where the last save before the end is written first, as Redis names it. */
  get finalAsidePath(): string {
    return asidePathIn(this.#options.config.value('dir'), '', `${this.#options.processId}`)
  }

  /** What there is now, in slices: `run` it. */
  background(
    path: string,
    use: FileUse,
    asidePath: string = this.#asidePath(path),
  ): BackgroundSave {
    const rename = use === 'dump' ? undefined : this.#renameLogBase
    return this.#inSlices(this.#newWriter(use, false), new AsideFile(path, asidePath, rename), true)
  }

  readonly #renameLogBase = (from: string, to: string): void => {
    const { clock, latency, log } = this.#options
    const startedMs = clock.monotonicMs()
    renameSync(from, to)
    latency('aof-rename', clock.monotonicMs() - startedMs)
    log.info(
      {},
      `Successfully renamed the temporary AOF base file ${basename(from)} into ${basename(to)}`,
    )
  }

  /** Whether a snapshot is being taken: another one with keys has to wait. */
  get isBusy(): boolean {
    return this.#options.keyspace.snapshot !== undefined
  }

  /** What there is now, for replicas, in slices: `run` it. */
  copy(target: SaveTarget, { position, hasKeys, hasFunctions }: CopyContent): BackgroundSave {
    const header = this.#header(0, position)
    const writer = this.#newRdbWriter(hasFunctions ? header : { ...header, libraries: [] }, false)
    return this.#inSlices(writer, target, hasKeys)
  }

  /** A path for a file that others have no use for: where this engine keeps nothing, among those of all programs. */
  temporaryPath(): string {
    const { config, isPersistent } = this.#options
    return this.#asidePath(join(isPersistent ? config.value('dir') : tmpdir(), 'copy'))
  }

  #inSlices(writer: SnapshotWriter, target: SaveTarget, hasKeys: boolean): BackgroundSave {
    const { clock, config, keyspace } = this.#options
    this.snapshotsTaken += 1
    return new BackgroundSave({
      snapshot: new Snapshot({ keyspace, writer, hasKeys }),
      target,
      clock,
      keyDelayUsec: () => config.integer('rdb-key-save-delay'),
      packingProgram: PACKING_PROGRAM,
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
      databases: keyspace.databases,
      values: reader,
      source,
      totalBytes: source.size,
      checksSum: config.value('rdbchecksum') === 'yes' && checksSums(),
      onField: (name, value) => {
        log.debug({ name, value }, 'RDB auxiliary field')
        options.listener?.onField(name, value)
      },
      onExpired: (index, key) => options.listener?.onExpired(index, key),
      onLibrary: (code) => libraries.restoreLibrary(code, options.replaces),
      onSkipped: (key) => log.warn({}, `rdbLoadObject skipping empty key: ${key}`),
    })
    return { loader, source }
  }

  #newWriter(use: FileUse, packs: boolean): SnapshotWriter {
    if (use === 'commandBase') return this.#newCommandWriter()
    const header = use === 'dump' ? this.#header(0, this.#options.position()) : this.#header(1)
    return this.#newRdbWriter(header, packs)
  }

  /** With `packs` it packs strings itself; or notes where they are, for others to do that. */
  #newRdbWriter(header: RdbHeader, packs: boolean): RdbWriter {
    const { config, keyspace } = this.#options
    const { structures } = keyspace
    const output = new RdbOutput()
    output.compresses = config.value('rdbcompression') === 'yes'
    if (output.compresses && !packs) output.places = new StringPlaces()
    const sum = new RdbSum(config.value('rdbchecksum') === 'yes')
    return new RdbWriter({ output, structures, access: this.#access, header, sum })
  }

  #newCommandWriter(): CommandWriter {
    const { clock, config, keyspace, libraries } = this.#options
    const isStamped = config.value('aof-timestamp-enabled') === 'yes'
    return new CommandWriter({
      structures: keyspace.structures,
      libraries: libraries.libraryCodes(),
      stampSeconds: isStamped ? Math.floor(clock.nowMs() / 1_000) : undefined,
    })
  }

  get #access(): AccessKind {
    const policy = this.#options.config.value('maxmemory-policy')
    if (policy.endsWith('-lru')) return 'idle'
    return policy.endsWith('-lfu') ? 'frequency' : 'none'
  }

  #header(logBase: 0 | 1, position?: StreamPosition): RdbHeader {
    const { clock, libraries, usedBytes, version } = this.#options
    return {
      fields: [
        ['redis-ver', version],
        ['redis-bits', '64'],
        ['ctime', String(Math.floor(clock.nowMs() / 1_000))],
        ['used-mem', String(usedBytes())],
        ...(position === undefined ? [] : positionFields(position)),
        ['aof-base', String(logBase)],
      ],
      libraries: libraries.libraryCodes(),
    }
  }

  /** Each its own: a save that was given up may still be writing while another has begun. */
  #asidePath(path: string): string {
    this.#asideCount += 1
    return asidePathIn(
      join(path, '..'),
      'gerbang-',
      `${this.#options.processId}-${this.#asideCount}`,
    )
  }
}

function positionFields(position: StreamPosition): RdbHeader['fields'] {
  return [
    ['repl-stream-db', String(position.database)],
    ['repl-id', position.replicationId],
    ['repl-offset', String(position.offset)],
  ]
}
