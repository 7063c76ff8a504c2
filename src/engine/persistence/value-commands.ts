import { invariant } from '../../shared/assert.ts'
import { Collections } from '../keyspace/collections.ts'
import type { Database, Handle } from '../keyspace/database.ts'
import { ScanWalk } from '../keyspace/scan-walk.ts'
import { NONE } from '../memory/slab.ts'
import type { CommandEncoder } from '../protocol/command-encoder.ts'
import { formatDouble } from '../protocol/format-double.ts'
import { firstEntry, NO_ENTRY, nextEntry, readEntry } from '../structures/listpack.ts'
import { NodeCompressor } from '../structures/node-compressor.ts'
import { PackedEntry } from '../structures/packed-entry.ts'
import type { Structures } from '../structures/structures.ts'
import { StreamCommands } from './stream-commands.ts'

/** aof.h, AOF_REWRITE_ITEMS_PER_CMD. */
const ELEMENTS_PER_COMMAND = 64

const SET = Buffer.from('SET')
const RPUSH = Buffer.from('RPUSH')
const SADD = Buffer.from('SADD')
const ZADD = Buffer.from('ZADD')
const HMSET = Buffer.from('HMSET')
const PEXPIREAT = Buffer.from('PEXPIREAT')

/**
 * Words values as commands that make them anew (aof.c, rewriteListObject and the like). It stops between two commands
 * and may be told to go on later, if the value has not changed: reading it meanwhile, which lets tables move to their
 * new size, is no harm. One value at a time. It reads with objects of its own, for a command that is about to change a
 * value may have others open.
 */
export class ValueCommands {
  readonly #encoder: CommandEncoder
  readonly #structures: Structures
  readonly #collections: Collections
  readonly #stream: StreamCommands
  /** Reads packed nodes of lists. */
  readonly #compressor: NodeCompressor
  readonly #walk = new ScanWalk()
  readonly #entry = new PackedEntry()
  readonly #key = new PackedEntry()
  /** Of the collection: the command, arguments an element, elements that no command has been begun for, and room in this one. */
  #name: Uint8Array = RPUSH
  #width = 1
  #left = 0
  #room = 0

  constructor(encoder: CommandEncoder, structures: Structures) {
    this.#encoder = encoder
    this.#structures = structures
    this.#collections = new Collections(structures)
    this.#stream = new StreamCommands(encoder, structures)
    this.#compressor = new NodeCompressor(structures.options.slab)
  }

  string(database: Database, record: Handle): void {
    this.#readKey(database, record)
    this.#begin(SET, 1)
    const start = database.valueStart(record)
    this.#encoder.bulk(database.bytes(record), start, database.valueLength(record))
  }

  /** Each `next` goes on to the end of a command, or of the value. */
  collection(database: Database, record: Handle): Iterator<undefined> {
    this.#readKey(database, record)
    switch (database.type(record)) {
      case 'list':
        return this.#list(database.root(record))
      case 'set':
        return this.#set(database, record)
      case 'hash':
        return this.#hash(database, record)
      case 'zset':
        return this.#sortedSet(database, record)
      case 'stream':
        return this.#stream.write(this.#key, database.root(record))
      default:
        invariant(false, 'a string is no collection')
    }
  }

  /** Goes behind the value. */
  expire(database: Database, record: Handle, expiresAtMs: number): void {
    this.#readKey(database, record)
    this.#begin(PEXPIREAT, 1)
    this.#encoder.text(String(expiresAtMs))
  }

  *#list(root: Handle): Generator<undefined> {
    const { nodes } = this.#structures.lists
    const entry = this.#entry
    this.#open(RPUSH, nodes.size(root), 1)
    for (let node = nodes.head(root); node !== NONE; node = nodes.next(node)) {
      const isPacked = nodes.packedLength(node) > 0
      const bytes = isPacked ? this.#compressor.read(node) : nodes.bytes(node)
      const start = isPacked ? 0 : nodes.start(node)
      if (nodes.isPlain(node)) {
        this.#element()
        this.#encoder.bulk(bytes, start, nodes.length(node))
        if (this.#room === 0) yield
      } else {
        for (let at = firstEntry(bytes, start); at !== NO_ENTRY; at = nextEntry(bytes, at)) {
          readEntry(bytes, at, entry)
          this.#element()
          this.#argument(entry)
          if (this.#room === 0) yield
        }
      }
      this.#compressor.forget(node)
    }
  }

  *#set(database: Database, record: Handle): Generator<undefined> {
    const { set } = this.#collections
    const walk = this.#walk
    set.open(database, record)
    this.#open(SADD, set.size, 1)
    walk.start(set)
    while (walk.next()) {
      set.read(walk.position)
      this.#element()
      this.#argument(set.member)
      if (this.#room === 0) yield
    }
  }

  *#hash(database: Database, record: Handle): Generator<undefined> {
    const { hash } = this.#collections
    const walk = this.#walk
    hash.open(database, record)
    this.#open(HMSET, hash.size, 2)
    walk.start(hash)
    while (walk.next()) {
      hash.read(walk.position)
      this.#element()
      this.#argument(hash.field)
      this.#argument(hash.value)
      if (this.#room === 0) yield
    }
  }

  *#sortedSet(database: Database, record: Handle): Generator<undefined> {
    const { sortedSet } = this.#collections
    sortedSet.open(database, record)
    this.#open(ZADD, sortedSet.size, 2)
    sortedSet.rewind()
    while (sortedSet.next()) {
      this.#element()
      this.#encoder.text(formatDouble(sortedSet.score))
      this.#argument(sortedSet.member)
      if (this.#room === 0) yield
    }
  }

  /** A collection begins: of so many elements, each of `width` arguments. */
  #open(name: Uint8Array, size: number, width: number): void {
    this.#name = name
    this.#left = size
    this.#width = width
    this.#room = 0
  }

  /** Before each element: begins a command where the last one is full. */
  #element(): void {
    if (this.#room === 0) {
      this.#room = Math.min(ELEMENTS_PER_COMMAND, this.#left)
      this.#left -= this.#room
      this.#begin(this.#name, this.#room * this.#width)
    }
    this.#room -= 1
  }

  /** The command, the key, and so many arguments that follow. */
  #begin(name: Uint8Array, argumentCount: number): void {
    this.#encoder.begin(2 + argumentCount)
    this.#encoder.bulk(name)
    this.#argument(this.#key)
  }

  #argument(entry: PackedEntry): void {
    entry.spell()
    this.#encoder.bulk(entry.bytes, entry.start, entry.length)
  }

  #readKey(database: Database, record: Handle): void {
    const start = database.keyStart(record)
    this.#key.setString(database.bytes(record), start, database.keyLength(record))
  }
}
