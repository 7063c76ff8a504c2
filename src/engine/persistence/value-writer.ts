import { invariant } from '../../shared/assert.ts'
import type { Database, Handle } from '../keyspace/database.ts'
import { NONE } from '../memory/slab.ts'
import { HashTableIterator } from '../structures/hash-table-iterator.ts'
import { ScoreCursor } from '../structures/score-cursor.ts'
import type { Structures } from '../structures/structures.ts'
import type { ValueType } from '../structures/value.ts'
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

/** Writes values as Redis 7.0 does: packed ones as the bytes they are. */
export class ValueWriter {
  readonly #structures: Structures
  readonly #iterator: HashTableIterator
  readonly #cursor = new ScoreCursor()
  readonly #stream: StreamImageWriter

  constructor(structures: Structures) {
    this.#structures = structures
    this.#iterator = new HashTableIterator(structures.options.slab)
    this.#stream = new StreamImageWriter(structures.streams, structures.options.slab)
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
    const root = database.root(record)
    switch (database.type(record)) {
      case 'list':
        return this.#writeList(output, root)
      case 'set':
        return this.#writeSet(output, root)
      case 'hash':
        return this.#writeHash(output, root)
      case 'zset':
        return this.#writeSortedSet(output, root)
      case 'stream':
        return this.#stream.write(output, root)
      default:
        invariant(false, 'values of this type are not rooted')
    }
  }

  #writeList(output: RdbOutput, root: Handle): void {
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
    }
  }

  #writeSet(output: RdbOutput, root: Handle): void {
    const { sets } = this.#structures
    output.lengthOf(sets.size(root))
    this.#iterator.start(root)
    for (let entry = this.#iterator.next(); entry !== NONE; entry = this.#iterator.next()) {
      output.string(sets.bytesOf(entry), sets.keyStart(entry), sets.keyLength(entry))
    }
  }

  #writeHash(output: RdbOutput, root: Handle): void {
    const { hashes } = this.#structures
    output.lengthOf(hashes.size(root))
    this.#iterator.start(root)
    for (let entry = this.#iterator.next(); entry !== NONE; entry = this.#iterator.next()) {
      const bytes = hashes.bytesOf(entry)
      output.string(bytes, hashes.keyStart(entry), hashes.keyLength(entry))
      output.string(bytes, hashes.valueStart(entry), hashes.valueLength(entry))
    }
  }

  /** From the highest score down: so a skip list is built with each member at its front. */
  #writeSortedSet(output: RdbOutput, root: Handle): void {
    const { sortedSets } = this.#structures
    const size = sortedSets.size(root)
    const cursor = this.#cursor
    output.lengthOf(size)
    sortedSets.tree.seek(root, size - 1, cursor)
    for (let left = size; left > 0; left -= 1) {
      const entry = cursor.member
      const start = sortedSets.memberStart(entry)
      output.string(sortedSets.bytesOf(entry), start, sortedSets.memberLength(entry))
      output.double(cursor.score)
      cursor.previous()
    }
  }
}
