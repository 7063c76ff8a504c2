import { invariant } from '../../shared/assert.ts'
import type { Collections } from '../keyspace/collections.ts'
import { type Database, type Handle, NO_EXPIRY } from '../keyspace/database.ts'
import { copyBytes } from '../memory/byte-slice.ts'
import { NONE } from '../memory/slab.ts'
import { intSetAt, intSetSize, isValidIntSet } from '../structures/int-set.ts'
import {
  firstEntry,
  listpackCount,
  NO_ENTRY,
  nextEntry,
  readEntry,
} from '../structures/listpack.ts'
import { isValidListpack } from '../structures/listpack-integrity.ts'
import { orFree } from '../structures/or-free.ts'
import { PackedEntry } from '../structures/packed-entry.ts'
import { parseLenientDouble } from '../structures/parse-double.ts'
import type { Structures } from '../structures/structures.ts'
import type { CollectionType, ValueType } from '../structures/value.ts'
import { HashBuilder } from './hash-builder.ts'
import { ListBuilder } from './list-builder.ts'
import { checkPairs } from './packed-checks.ts'
import { corrupt, RDB_TYPE, RdbError } from './rdb-encoding.ts'
import type { RdbInput } from './rdb-input.ts'
import { StreamImageReader } from './stream-image-reader.ts'
import { readTextScore } from './text-score.ts'
import { readZiplist } from './ziplist.ts'
import { readZipmap } from './zipmap.ts'

export interface ValueReaderOptions {
  readonly collections: Collections
  readonly structures: Structures
  /** list-max-listpack-size. */
  readonly listFill: () => number
}

/** Where the value that was read last waits for its key. */
type Waiting = 'nowhere' | 'string' | 'packed' | 'rooted' | 'set' | 'sortedSet'

const PACKED_TYPES: ReadonlySet<number> = new Set([
  RDB_TYPE.listQuicklist,
  RDB_TYPE.listQuicklist2,
  RDB_TYPE.listZiplist,
  RDB_TYPE.streamListpacks,
  RDB_TYPE.streamListpacks2,
  RDB_TYPE.streamListpacks3,
  RDB_TYPE.setIntset,
  RDB_TYPE.setListpack,
  RDB_TYPE.hashListpack,
  RDB_TYPE.hashZiplist,
  RDB_TYPE.hashZipmap,
  RDB_TYPE.zsetListpack,
  RDB_TYPE.zsetZiplist,
])

/**
 * Reads values of any RDB version, in Redis' encodings old and new, and gives them the form this engine keeps: packed
 * while they are small. What cannot be read safely is refused with an RdbError and leaves nothing behind. After
 * `read` comes `store`, or `discard`.
 */
export class ValueReader {
  /** Looks closer than safety asks for: sanitize-dump-payload, RESTORE. */
  isDeep = false
  /** Whether that is counted, and how many packed structures were: INFO's dump_payload_sanitizations. */
  countsChecks = false
  sanitizations = 0
  readonly #collections: Collections
  readonly #structures: Structures
  readonly #hash: HashBuilder
  readonly #list: ListBuilder
  readonly #stream: StreamImageReader
  readonly #entry = new PackedEntry()
  readonly #field = new PackedEntry()
  #waiting: Waiting = 'nowhere'
  #type: ValueType = 'string'
  #bytes: Uint8Array = new Uint8Array(0)
  #start = 0
  #length = 0
  #root: Handle = NONE
  #fieldBytes = new Uint8Array(256)

  constructor({ collections, structures, listFill }: ValueReaderOptions) {
    this.#collections = collections
    this.#structures = structures
    this.#hash = new HashBuilder(structures.hashes, collections.limits)
    this.#stream = new StreamImageReader(structures.streams, structures.options.slab)
    this.#list = new ListBuilder(structures.lists, listFill)
  }

  /** False for a collection without elements, of which no key is made. */
  read(input: RdbInput, type: number): boolean {
    this.#waiting = 'nowhere'
    try {
      const isThere = this.#read(input, type)
      if (this.countsChecks) this.sanitizations += this.#countPacked(type)
      return isThere
    } catch (error) {
      this.discard()
      throw error
    }
  }

  /** Gives the value to the key, whatever that was, without expiry. */
  store(database: Database, key: Uint8Array, start: number, length: number): Handle {
    const waiting = this.#waiting
    this.#waiting = 'nowhere'
    switch (waiting) {
      case 'string':
        return database.setString(
          key,
          start,
          length,
          this.#bytes,
          this.#start,
          this.#length,
          NO_EXPIRY,
        )
      case 'packed':
        return this.#storePacked(database, key, start, length)
      case 'rooted':
        return this.#storeRooted(database, key, start, length)
      case 'set':
        this.#collections.resultSet.store(database, key, start, length)
        break
      case 'sortedSet':
        this.#collections.resultSortedSet.store(database, key, start, length)
        break
      default:
        invariant(false, 'a value has been read')
    }
    return database.peek(key, start, length)
  }

  discard(): void {
    const waiting = this.#waiting
    this.#waiting = 'nowhere'
    if (waiting === 'set') this.#collections.resultSet.discard()
    if (waiting === 'sortedSet') this.#collections.resultSortedSet.discard()
    if (waiting === 'rooted') this.#structures.of(this.#type)?.free(this.#root)
  }

  get #collectionType(): CollectionType {
    invariant(this.#type !== 'string', 'strings are no collections')
    return this.#type
  }

  #storeRooted(database: Database, key: Uint8Array, start: number, length: number): Handle {
    const type = this.#collectionType
    const structure = this.#structures.of(type)
    invariant(structure !== undefined, 'a rooted value has a structure')
    return orFree(structure, this.#root, (root) =>
      database.createRooted(key, start, length, type, root),
    )
  }

  #storePacked(database: Database, key: Uint8Array, start: number, length: number): Handle {
    const record = database.createPacked(key, start, length, this.#collectionType, this.#length)
    const at = database.valueStart(record)
    copyBytes(database.bytes(record), at, this.#bytes, this.#start, this.#length)
    return record
  }

  /** Each node of a list counts. */
  #countPacked(type: number): number {
    if (!PACKED_TYPES.has(type)) return 0
    if (this.#type !== 'list' || this.#waiting !== 'rooted') return 1
    return this.#structures.lists.nodes.nodeCount(this.#root)
  }

  #read(input: RdbInput, type: number): boolean {
    switch (type) {
      case RDB_TYPE.string:
        input.string()
        return this.#keep('string', 'string', input)
      case RDB_TYPE.list:
        return this.#keepList(this.#list.readElements(input))
      case RDB_TYPE.listQuicklist:
      case RDB_TYPE.listQuicklist2:
        return this.#keepList(this.#list.readNodes(input, type === RDB_TYPE.listQuicklist2))
      case RDB_TYPE.listZiplist:
        return this.#keepList(this.#list.readZiplist(input))
      case RDB_TYPE.streamListpacks:
      case RDB_TYPE.streamListpacks2:
      case RDB_TYPE.streamListpacks3:
        return this.#keepRoot('stream', this.#stream.read(input, type))
      case RDB_TYPE.set:
        return this.#readSet(input)
      case RDB_TYPE.setIntset:
        return this.#readIntset(input)
      case RDB_TYPE.setListpack:
        return this.#readSetListpack(input)
      case RDB_TYPE.hash:
      case RDB_TYPE.hashListpack:
      case RDB_TYPE.hashZiplist:
      case RDB_TYPE.hashZipmap:
        return this.#readHash(input, type)
      case RDB_TYPE.zset:
      case RDB_TYPE.zset2:
      case RDB_TYPE.zsetListpack:
      case RDB_TYPE.zsetZiplist:
        return this.#readSortedSet(input, type)
      default:
        throw new RdbError('unsupported', `Unknown RDB encoding type ${type}`)
    }
  }

  #keep(
    waiting: Waiting,
    type: ValueType,
    { bytes, start, size }: Pick<RdbInput, 'bytes' | 'start' | 'size'>,
  ): true {
    this.#waiting = waiting
    this.#type = type
    this.#bytes = bytes
    this.#start = start
    this.#length = size
    return true
  }

  #keepRoot(type: ValueType, root: Handle): true {
    this.#waiting = 'rooted'
    this.#type = type
    this.#root = root
    return true
  }

  #keepList(root: Handle): boolean {
    return root !== NONE && this.#keepRoot('list', root)
  }

  #readSet(input: RdbInput): boolean {
    const count = input.length()
    this.#openSet()
    for (let index = 0; index < count; index += 1) {
      input.string()
      this.#addMember(input.bytes, input.start, input.size)
    }
    return count > 0
  }

  #readIntset(input: RdbInput): boolean {
    input.string()
    const { bytes, start, size } = input
    if (!isValidIntSet(bytes, start, size)) throw corrupt('Intset integrity check failed.')
    const count = intSetSize(bytes, start)
    if (count <= this.#collections.limits.setIntSetEntriesMax)
      return this.#keep('packed', 'set', input)
    this.#openSet()
    for (let index = 0; index < count; index += 1) {
      this.#entry.setInteger(intSetAt(bytes, start, index))
      this.#collections.resultSet.addMember(this.#entry)
    }
    return true
  }

  #readSetListpack(input: RdbInput): boolean {
    input.string()
    const { bytes, start, size } = input
    if (!isValidListpack(bytes, start, size)) throw corrupt('Listpack integrity check failed.')
    this.#openSet()
    for (let at = firstEntry(bytes, start); at !== NO_ENTRY; at = nextEntry(bytes, at)) {
      readEntry(bytes, at, this.#entry)
      this.#entry.spell()
      this.#addMember(this.#entry.bytes, this.#entry.start, this.#entry.length)
    }
    return listpackCount(bytes, start) > 0
  }

  #openSet(): void {
    this.#collections.resultSet.openLoose()
    this.#waiting = 'set'
  }

  #addMember(bytes: Uint8Array, start: number, length: number): void {
    if (this.#collections.resultSet.add(bytes, start, length)) return
    throw corrupt('Duplicate set members detected')
  }

  #readHash(input: RdbInput, type: number): boolean {
    const hash = this.#hash
    try {
      if (type === RDB_TYPE.hash) this.#readFields(input)
      else if (type !== RDB_TYPE.hashListpack) this.#readOldHash(input, type)
      else if (!this.#readHashListpack(input)) return this.#length > 0
    } catch (error) {
      hash.discard()
      throw error
    }
    if (hash.root !== NONE) return this.#keepRoot('hash', hash.root)
    const { bytes, start, length } = hash.packed
    this.#keep('packed', 'hash', { bytes, start, size: length })
    return listpackCount(bytes, start) > 0
  }

  #readFields(input: RdbInput): void {
    const count = input.length()
    this.#hash.begin(count)
    for (let index = 0; index < count; index += 1) {
      input.string()
      // The value that follows may move what has been read.
      const field = this.#keepField(input)
      input.string()
      this.#entry.setString(input.bytes, input.start, input.size)
      this.#hash.add(field, this.#entry)
    }
  }

  #keepField({ bytes, start, size }: RdbInput): PackedEntry {
    if (this.#fieldBytes.length < size) this.#fieldBytes = new Uint8Array(size * 2)
    copyBytes(this.#fieldBytes, 0, bytes, start, size)
    this.#field.setString(this.#fieldBytes, 0, size)
    return this.#field
  }

  /** False when it stays as it came. */
  #readHashListpack(input: RdbInput): boolean {
    input.string()
    const { bytes, start, size } = input
    const pairs = checkPairs(bytes, start, size, { hasScores: false, isDeep: this.isDeep })
    if (pairs <= this.#collections.limits.hashListpackEntriesMax) {
      this.#keep('packed', 'hash', input)
      if (pairs === 0) this.#length = 0
      return false
    }
    this.#hash.begin(pairs)
    this.#hash.addPacked(bytes, start)
    return true
  }

  #readOldHash(input: RdbInput, type: number): void {
    input.string()
    const bytes = input.copy()
    const read = type === RDB_TYPE.hashZipmap ? readZipmap : readZiplist
    let isValue = false
    this.#hash.begin(0)
    read(bytes, this.#entry, () => {
      if (isValue) this.#hash.add(this.#field, this.#entry)
      else this.#keepEntry()
      isValue = !isValue
    })
    if (isValue) throw corrupt('Hash ziplist integrity check failed.')
  }

  /** Keeps what `#entry` holds in `#field`. */
  #keepEntry(): void {
    const entry = this.#entry
    if (entry.isInteger) this.#field.setInteger(entry.integer)
    else this.#field.setString(entry.bytes, entry.start, entry.length)
  }

  #readSortedSet(input: RdbInput, type: number): boolean {
    if (type === RDB_TYPE.zsetListpack) return this.#readPackedSortedSet(input)
    const set = this.#collections.resultSortedSet
    set.openLoose()
    this.#waiting = 'sortedSet'
    if (type === RDB_TYPE.zsetZiplist) this.#readOldSortedSet(input)
    else this.#readScored(input, type === RDB_TYPE.zset)
    if (set.size > 0) return true
    this.discard()
    return false
  }

  #readScored(input: RdbInput, isText: boolean): void {
    const count = input.length()
    for (let index = 0; index < count; index += 1) {
      input.string()
      const member = this.#keepField(input)
      this.#addScored(member, isText ? readTextScore(input) : input.double())
    }
  }

  #readOldSortedSet(input: RdbInput): void {
    input.string()
    const bytes = input.copy()
    let isScore = false
    readZiplist(bytes, this.#entry, () => {
      if (isScore) this.#addScored(this.#field, scoreOf(this.#entry))
      else this.#keepEntry()
      isScore = !isScore
    })
    if (isScore) throw corrupt('Zset ziplist integrity check failed.')
  }

  #readPackedSortedSet(input: RdbInput): boolean {
    input.string()
    const { bytes, start, size } = input
    const pairs = checkPairs(bytes, start, size, { hasScores: true, isDeep: this.isDeep })
    if (pairs <= this.#collections.limits.sortedSetListpackEntriesMax) {
      this.#keep('packed', 'zset', input)
      return pairs > 0
    }
    this.#collections.resultSortedSet.openLoose()
    this.#waiting = 'sortedSet'
    for (let at = firstEntry(bytes, start); at !== NO_ENTRY; ) {
      const scoreAt = nextEntry(bytes, at)
      readEntry(bytes, at, this.#field)
      readEntry(bytes, scoreAt, this.#entry)
      this.#addScored(this.#field, scoreOf(this.#entry))
      at = nextEntry(bytes, scoreAt)
    }
    return true
  }

  #addScored(member: PackedEntry, score: number): void {
    const set = this.#collections.resultSortedSet
    member.spell()
    const { bytes, start, length } = member
    if (Number.isNaN(score)) throw corrupt('Zset with NAN score detected')
    if (set.find(bytes, start, length)) throw corrupt('RDB zset has duplicate fields')
    set.add(bytes, start, length, score)
  }
}

function scoreOf(entry: PackedEntry): number {
  if (entry.isInteger) return Number(entry.integer)
  return parseLenientDouble(entry.bytes, entry.start, entry.length)
}
