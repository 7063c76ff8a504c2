import { nth } from '../../shared/assert.ts'
import { type Database, type Handle, NO_EXPIRY } from '../keyspace/database.ts'
import type { Keyspace } from '../keyspace/keyspace.ts'
import { copyBytes } from '../memory/byte-slice.ts'
import { NONE } from '../memory/slab.ts'
import { Crc64 } from '../structures/crc64.ts'
import { corrupt, RDB_OPCODE, RDB_TYPE, RDB_VERSION_MAX, RdbError } from './rdb-encoding.ts'
import { type ByteSource, RdbInput } from './rdb-input.ts'
import { StringDrafts } from './string-drafts.ts'
import type { ValueReader } from './value-reader.ts'

const MAGIC = 'REDIS'
const MAGIC_BYTES = 9
const UNSET = -1
/** From this version on a sum stands at the end, all zero when nobody reckoned it. */
const SUM_SINCE_VERSION = 5
const SUM_BYTES = 8
/** Type, key and value of a key, and what stands before and behind all: fewer bytes a key cannot have. */
const KEY_BYTES_MIN = 4
/** Keys, and what else there is, read between two looks at the clock. */
const BATCH = 64

export interface RdbLoaderOptions {
  readonly keyspace: Keyspace
  /** Where the keys go: the keyspace's own, or others that are to take their place. */
  readonly databases: readonly Database[]
  readonly values: ValueReader
  readonly source: ByteSource
  /** How long the file is, where that is known: tables are made for the keys that it may hold. */
  readonly totalBytes?: number
  /** Whether the sum at the end counts. */
  readonly checksSum: boolean
  /** Keys that are due are loaded, too: a log follows that will tell. */
  readonly keepsExpired: boolean
  /** A key that is there already is no error: it is replaced. */
  readonly replaces: boolean
  /** An auxiliary field, such as repl-id. */
  readonly onField: (name: string, value: string) => void
  /** A key was due, and is left out. */
  readonly onExpired?: (databaseIndex: number, key: Uint8Array) => void
  /** A function library's code; the error's text when it cannot be loaded. */
  readonly onLibrary: (code: Buffer) => string | undefined
  readonly onSkipped: (key: string) => void
}

/**
 * Loads an RDB file in steps. Throws an RdbError for a file that is damaged; what was loaded until then is there. From
 * a source that is still open it is loaded as far as it has come: a key that has not come whole is read again.
 */
export class RdbLoader {
  readonly #options: RdbLoaderOptions
  readonly #input: RdbInput
  readonly #sum = new Crc64()
  #database: Database
  #version = 0
  #key = new Uint8Array(256)
  readonly #drafts: StringDrafts
  #expiresAtMs = UNSET
  #idleSeconds = UNSET
  #frequency = UNSET
  isDone = false
  /** The source has not got the next key yet; `heldBytes` of it are there. */
  isStarved = false
  keysLoaded = 0
  keysExpired = 0
  emptyKeysSkipped = 0

  constructor(options: RdbLoaderOptions) {
    this.#options = options
    this.#input = RdbInput.from(options.source, options.checksSum ? this.#sum : undefined)
    this.#drafts = new StringDrafts(this.#input)
    this.#database = nth(options.databases, 0)
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#input.position
  }

  get heldBytes(): number {
    return this.#input.heldBytes
  }

  /** Whether it starts as RDB files do; a log may start otherwise. */
  get looksLikeRdb(): boolean {
    return this.#input.startsWith(MAGIC)
  }

  /** Goes on until `isOver` says so, or the end. */
  step(isOver: () => boolean): void {
    const { source } = this.#options
    if (source.isOpen === undefined) return this.#readOn(isOver)
    this.isStarved = false
    try {
      this.#readOn(isOver)
    } catch (error) {
      const isShort = error instanceof RdbError && error.code === 'truncated'
      if (!isShort || source.isOpen === false) throw error
      this.#input.rewind()
      this.isStarved = true
    }
  }

  #readOn(isOver: () => boolean): void {
    const mayRewind = this.#options.source.isOpen !== undefined
    if (mayRewind) this.#input.mark()
    if (this.#version === 0) this.#readHeader()
    while (!this.isDone) {
      try {
        this.#readBatch(mayRewind)
      } finally {
        this.#enterDrafts()
      }
      if (isOver()) return
    }
  }

  #readBatch(mayRewind: boolean): void {
    for (let count = 0; count < BATCH && !this.isDone; count += 1) {
      if (mayRewind) this.#input.mark()
      this.#readNext()
    }
  }

  #readHeader(): void {
    const input = this.#input
    input.raw(MAGIC_BYTES)
    const magic = input.copy().toString('latin1')
    const version = Number(magic.slice(5))
    if (!magic.startsWith(MAGIC)) throw corrupt('Wrong signature trying to load DB from file')
    if (!(version >= 1 && version <= RDB_VERSION_MAX)) {
      throw new RdbError('unsupported', `Can't handle RDB format version ${magic.slice(5)}`)
    }
    this.#version = version
  }

  #readNext(): void {
    const input = this.#input
    const type = input.byte()
    switch (type) {
      case RDB_OPCODE.expiresAtMs:
        this.#expiresAtMs = input.integer64()
        return
      case RDB_OPCODE.expiresAtSeconds:
        this.#expiresAtMs = (input.uint32() | 0) * 1_000
        return
      case RDB_OPCODE.idle:
        this.#idleSeconds = input.length()
        return
      case RDB_OPCODE.frequency:
        this.#frequency = input.byte()
        return
      case RDB_OPCODE.selectDatabase:
        return this.#select(input.length())
      case RDB_OPCODE.resizeDatabase:
        this.#enterDrafts()
        this.#database.reserve(Math.min(input.length(), this.#keysMax))
        input.length()
        return
      case RDB_OPCODE.aux:
        return this.#readField()
      case RDB_OPCODE.function2:
        return this.#readLibrary()
      case RDB_OPCODE.slotInfo:
        for (let part = 0; part < 3; part += 1) input.length()
        return
      case RDB_OPCODE.end:
        return this.#readEnd()
      case RDB_OPCODE.functionPreRelease:
        throw new RdbError('unsupported', 'Pre-release function format not supported.')
      case RDB_OPCODE.moduleAux:
        throw new RdbError('unsupported', 'The RDB file contains AUX module data of a module')
      default:
        return this.#readKey(type)
    }
  }

  /** Of what is told ahead, no more is believed than there are bytes for. */
  get #keysMax(): number {
    return Math.floor((this.#options.totalBytes ?? 0) / KEY_BYTES_MIN)
  }

  #select(index: number): void {
    const { databases } = this.#options
    const database = databases[index]
    if (database === undefined) {
      throw new RdbError(
        'unsupported',
        `FATAL: Data file was created with a Redis server configured to handle more than ${databases.length} databases. Exiting`,
      )
    }
    this.#enterDrafts()
    this.#database = database
  }

  #readField(): void {
    const name = this.#input.text()
    this.#options.onField(name, this.#input.text())
  }

  #readLibrary(): void {
    this.#input.string()
    const problem = this.#options.onLibrary(this.#input.copy())
    if (problem !== undefined) throw corrupt(`Failed creating the library: ${problem}`)
  }

  #readKey(type: number): void {
    const input = this.#input
    input.string()
    const length = input.size
    this.#keepKey(input.bytes, input.start, length)
    if (type === RDB_TYPE.string && !this.#isUnwanted) this.#readString(length)
    else this.#readValue(type, length)
    this.#expiresAtMs = UNSET
    this.#idleSeconds = UNSET
    this.#frequency = UNSET
  }

  /** The key is due, and nothing follows that will tell so. */
  get #isUnwanted(): boolean {
    const { keepsExpired, keyspace } = this.#options
    return !keepsExpired && this.#expiresAtMs !== UNSET && this.#expiresAtMs < keyspace.nowMs
  }

  #readString(length: number): void {
    const expiresAtMs = this.#expiresAtMs === UNSET ? NO_EXPIRY : this.#expiresAtMs
    this.#setAccess(this.#drafts.read(this.#database, this.#key, length, expiresAtMs))
  }

  #enterDrafts(): void {
    if (this.#drafts.count === 0) return
    const database = this.#database
    this.keysLoaded += this.#drafts.count
    const replacing = this.#drafts.enter(database)
    if (replacing === NONE || this.#options.replaces) return
    const length = database.keyLength(replacing)
    this.#keepKey(database.bytes(replacing), database.keyStart(replacing), length)
    throw this.#comesTwice(length)
  }

  #readValue(type: number, length: number): void {
    this.#enterDrafts()
    if (this.#options.values.read(this.#input, type)) this.#store(length)
    else this.#skip(length)
  }

  #keepKey(bytes: Uint8Array, start: number, length: number): void {
    if (this.#key.length < length) this.#key = new Uint8Array(length * 2)
    copyBytes(this.#key, 0, bytes, start, length)
  }

  #store(length: number): void {
    const { replaces, values } = this.#options
    const database = this.#database
    const key = this.#key
    if (this.#isUnwanted) {
      values.discard()
      this.keysExpired += 1
      this.#options.onExpired?.(database.index, key.slice(0, length))
      return
    }
    const { size } = database
    const record = values.store(database, key, 0, length)
    // One that has taken another's place. To look it up before would be to look it up twice.
    if (!replaces && database.size === size) throw this.#comesTwice(length)
    this.#setAccess(
      this.#expiresAtMs === UNSET ? record : database.setExpiry(record, this.#expiresAtMs),
    )
    this.keysLoaded += 1
  }

  #setAccess(record: Handle): void {
    const isLfu = this.#options.keyspace.access.settings.mode === 'lfu'
    if (isLfu && this.#frequency !== UNSET) this.#database.setFrequency(record, this.#frequency)
    if (!isLfu && this.#idleSeconds !== UNSET) {
      this.#database.setIdleSeconds(record, this.#idleSeconds)
    }
  }

  #comesTwice(length: number): RdbError {
    return corrupt(`Internal error in RDB reading: the key '${this.#keyText(length)}' comes twice`)
  }

  #skip(length: number): void {
    this.emptyKeysSkipped += 1
    this.#options.onSkipped(this.#keyText(length))
  }

  #keyText(length: number): string {
    return Buffer.from(this.#key.subarray(0, length)).toString()
  }

  #readEnd(): void {
    if (this.#version >= SUM_SINCE_VERSION) this.#readSum()
    this.isDone = true
  }

  #readSum(): void {
    const input = this.#input
    input.observe()
    const sum = Buffer.alloc(SUM_BYTES)
    this.#sum.writeTo(sum, 0)
    input.raw(SUM_BYTES)
    if (!this.#options.checksSum) return
    const told = input.copy()
    if (told.every((byte) => byte === 0) || told.equals(sum)) return
    throw corrupt(
      `Wrong RDB checksum expected: (${hexadecimal(told)}) but got (${hexadecimal(sum)}). RDB CRC error, aborting now.`,
    )
  }
}

function hexadecimal(sum: Buffer): string {
  return sum.readBigUInt64LE(0).toString(16)
}
