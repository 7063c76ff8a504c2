import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import type { Database, Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

/** Of a payload of DUMP: its type, the version, and the sum. */
const AROUND_VALUE_BYTES = 11

/** DEBUG OBJECT: the place of the record in the slab, and what it takes there. */
export function debugObject(context: CommandContext): void {
  const { database, keyspace, reply, services } = context
  const { argv } = context
  // Of a key past its instant, too: it is held until somebody looks.
  const record = database.held(argv.bytes, argv.start(2), argv.length(2))
  if (record === 0) return reply.error(replyErrors.noSuchKey)
  const address = record.toString(16)
  const idleSeconds = database.idleSeconds(record)
  const clock = keyspace.access.clockSeconds - idleSeconds
  reply.simple(
    `Value at:0x${address} refcount:1 encoding:${database.encoding(record)} serializedlength:${services.values.dump(database, record).length - AROUND_VALUE_BYTES} lru:${clock} lru_seconds_idle:${idleSeconds}${listStats(context, record)}`,
  )
}

/** Of a list: its nodes, and what they would take if none were packed. */
function listStats({ database, structures }: CommandContext, record: Handle): string {
  if (database.type(record) !== 'list') return ''
  const { nodes } = structures.lists
  const root = database.root(record)
  const average = (nodes.size(root) / nodes.nodeCount(root)).toFixed(2)
  let bytes = 0
  for (let node = nodes.head(root); node !== 0; node = nodes.next(node)) bytes += nodes.length(node)
  return ` ql_nodes:${nodes.nodeCount(root)} ql_avg_node:${average} ql_listpack_max:${nodes.fill(root)} ql_compressed:${nodes.depth(root) > 0 ? 1 : 0} ql_uncompressed_size:${bytes}`
}

export function debugListpack(context: CommandContext): void {
  const { database, reply } = context
  const record = find(context)
  if (record === 0) return
  if (database.encoding(record) !== 'listpack') return reply.error(replyErrors.notListpack)
  reply.simple('Listpack structure printed on stdout')
}

export function debugHtstats({ argv, keyspace, reply }: CommandContext): void {
  const index = integerArgument(argv, 2)
  if (Number.isNaN(index)) return reply.error(replyErrors.notInteger)
  const database = keyspace.databases[index]
  if (database === undefined) return reply.error(replyErrors.databaseIndexUnknown)
  const expires = ` number of elements: ${database.volatileCount}\n`
  reply.verbatim(
    `[Dictionary HT]\n${tableStats(database)}[Expires HT]\nHeap stats (by instant):\n${expires}`,
  )
}

function tableStats({ hashTableBytes, size }: Database): string {
  const buckets = hashTableBytes / Uint32Array.BYTES_PER_ELEMENT
  return `Hash table 0 stats (main hash table):\n table size: ${buckets}\n number of elements: ${size}\n`
}

export function debugHtstatsKey(context: CommandContext): void {
  const { database, reply } = context
  const record = find(context)
  if (record === 0) return
  const encoding = database.encoding(record)
  const hasTable = encoding === 'hashtable' || encoding === 'skiplist'
  if (!hasTable) return reply.error(replyErrors.notHashTable)
  reply.verbatim(`Hash table 0 stats (main hash table):\n bytes: ${database.memoryUsage(record)}\n`)
}

/** 0 after an error, which has been written. */
function find({ argv, database, reply }: CommandContext): Handle {
  const record = database.peek(argv.bytes, argv.start(2), argv.length(2))
  if (record === 0) reply.error(replyErrors.noSuchKey)
  return record
}
