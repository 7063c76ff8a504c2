import { invariant } from '../../shared/assert.ts'
import { Collections } from '../keyspace/collections.ts'
import type { Database, Handle } from '../keyspace/database.ts'
import { ScanWalk } from '../keyspace/scan-walk.ts'
import { NONE } from '../memory/slab.ts'
import { ScoreCursor } from '../structures/score-cursor.ts'
import type { Structures } from '../structures/structures.ts'
import type { ValueType } from '../structures/value.ts'
import { PieceMeter } from './piece-meter.ts'
import { CONTAINER_PACKED, CONTAINER_PLAIN, RDB_TYPE } from './rdb-encoding.ts'
import type { RdbOutput } from './rdb-output.ts'
import { StreamImageWriter } from './stream-image-writer.ts'

const PACKED_TYPES: Readonly<Record<ValueType, number>> = {
  string: RDB_TYPE.string,
  list: RDB_TYPE.listQuicklist2,
  set: RDB_TYPE.setIntset,
  zset: RDB_TYPE.zsetListpack,
  hash: RDB_TYPE.hashListpack,
  stream: RDB_TYPE.streamListpacks2,
}

const ROOTED_TYPES: Readonly<Record<ValueType, number>> = {
  ...PACKED_TYPES,
  set: RDB_TYPE.set,
  zset: RDB_TYPE.zset2,
  hash: RDB_TYPE.hash,
}

/** What is written of a value in one piece: a tenth of a millisecond or so. */
const PIECE_BYTES = 8 * 1_024

/**
 * Writes values as Redis 7.0 does: packed ones as the bytes they are. It may stop after each piece of one and be told to
 * go on later, if the value has not changed, as `ValueCommands` does; one value at a time.
 */
export class ValueWriter {
  readonly #structures: Structures
  readonly #collections: Collections
  readonly #walk = new ScanWalk()
  readonly #cursor = new ScoreCursor()
  readonly #stream: StreamImageWriter
  readonly #meter: PieceMeter

  constructor(structures: Structures, pieceBytes = PIECE_BYTES) {
    this.#structures = structures
    this.#collections = new Collections(structures)
    this.#meter = new PieceMeter(pieceBytes)
    this.#stream = new StreamImageWriter(structures, this.#meter)
  }

  type(database: Database, record: Handle): number {
    const type = database.type(record)
    return database.isRooted(record) ? ROOTED_TYPES[type] : PACKED_TYPES[type]
  }

  write(output: RdbOutput, database: Database, record: Handle): void {
    if (!database.isRooted(record)) {
      const start = database.valueStart(record)
      output.string(database.bytes(record), start, database.valueLength(record))
      return
    }
    const pieces = this.#rooted(output, database, record)
    while (pieces.next().done !== true);
  }

  /** Each `next` goes on to the end of a piece, or of the value. A string, and what is packed, is one. */
  *pieces(output: RdbOutput, database: Database, record: Handle): Generator<undefined> {
    if (database.isRooted(record)) yield* this.#rooted(output, database, record)
    else this.write(output, database, record)
  }

  #rooted(output: RdbOutput, database: Database, record: Handle): Generator<undefined> {
    this.#meter.start()
    const root = database.root(record)
    switch (database.type(record)) {
      case 'list':
        return this.#list(output, root)
      case 'set':
        return this.#set(output, database, record)
      case 'hash':
        return this.#hash(output, database, record)
      case 'zset':
        return this.#sortedSet(output, root)
      case 'stream':
        return this.#stream.write(output, root)
      default:
        invariant(false, 'values of this type are not rooted')
    }
  }

  *#list(output: RdbOutput, root: Handle): Generator<undefined> {
    const { nodes } = this.#structures.lists
    output.lengthOf(nodes.nodeCount(root))
    for (let node = nodes.head(root); node !== NONE; node = nodes.next(node)) {
      output.lengthOf(nodes.isPlain(node) ? CONTAINER_PLAIN : CONTAINER_PACKED)
      const packed = nodes.packedLength(node)
      if (packed === 0) output.string(nodes.bytes(node), nodes.start(node), nodes.length(node))
      else {
        output.packedHead(packed, nodes.length(node))
        output.raw(nodes.packedBytes(node), nodes.packedStart(node), packed)
      }
      if (this.#meter.endsWith(nodes.length(node))) yield
    }
  }

  *#set(output: RdbOutput, database: Database, record: Handle): Generator<undefined> {
    const { set } = this.#collections
    const { member } = set
    const walk = this.#walk
    set.open(database, record)
    output.lengthOf(set.size)
    walk.start(set)
    while (walk.next()) {
      set.read(walk.position)
      output.string(member.bytes, member.start, member.length)
      if (this.#meter.endsWith(member.length)) yield
    }
  }

  *#hash(output: RdbOutput, database: Database, record: Handle): Generator<undefined> {
    const { hash } = this.#collections
    const { field, value } = hash
    const walk = this.#walk
    hash.open(database, record)
    output.lengthOf(hash.size)
    walk.start(hash)
    while (walk.next()) {
      hash.read(walk.position)
      output.string(field.bytes, field.start, field.length)
      output.string(value.bytes, value.start, value.length)
      if (this.#meter.endsWith(field.length + value.length)) yield
    }
  }

  /** From the highest score down: so a skip list is built with each member at its front. */
  *#sortedSet(output: RdbOutput, root: Handle): Generator<undefined> {
    const { sortedSets } = this.#structures
    const size = sortedSets.size(root)
    const cursor = this.#cursor
    output.lengthOf(size)
    sortedSets.tree.seek(root, size - 1, cursor)
    for (let left = size; left > 0; left -= 1) {
      const entry = cursor.member
      const length = sortedSets.memberLength(entry)
      output.string(sortedSets.bytesOf(entry), sortedSets.memberStart(entry), length)
      output.double(cursor.score)
      cursor.previous()
      if (this.#meter.endsWith(length)) yield
    }
  }
}
