import { matchesGlob } from '../../shared/glob.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { keyAt, keysFrom } from '../execution/key-spec.ts'
import type { Database, Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { int64Of } from '../structures/int64.ts'
import { replyWithHelp } from './help.ts'
import { readScanCursor, readScanOptions } from './scan-options.ts'

/** Integers below it are one object each (server.h, OBJ_SHARED_INTEGERS), with so many references. */
const SHARED_INTEGERS = 10_000
const SHARED_REFERENCES = 0x7fff_ffff

export const genericCommands: readonly CommandSpec[] = [
  {
    name: 'del',
    group: 'generic',
    since: '1.0.0',
    summary: 'Delete a key',
    arity: -2,
    flags: ['write'],
    keySpecs: [keysFrom(1, 'RM', 'delete')],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    run: del,
  },
  {
    name: 'unlink',
    group: 'generic',
    since: '4.0.0',
    summary:
      'Delete a key asynchronously in another thread. Otherwise it is just as DEL, but non blocking.',
    arity: -2,
    flags: ['write', 'fast'],
    keySpecs: [keysFrom(1, 'RM', 'delete')],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    run: del,
  },
  {
    name: 'exists',
    group: 'generic',
    since: '1.0.0',
    summary: 'Determine if a key exists',
    arity: -2,
    flags: ['readonly', 'fast'],
    keySpecs: [keysFrom(1, 'RO')],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    run: (context) => countKeys(context, false),
  },
  {
    name: 'touch',
    group: 'generic',
    since: '3.2.1',
    summary:
      'Alters the last access time of a key(s). Returns the number of existing keys specified.',
    arity: -2,
    flags: ['readonly', 'fast'],
    keySpecs: [keysFrom(1, 'RO')],
    tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
    run: (context) => countKeys(context, true),
  },
  {
    name: 'type',
    group: 'generic',
    since: '1.0.0',
    summary: 'Determine the type stored at key',
    arity: 2,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO')],
    run: type,
  },
  {
    name: 'keys',
    group: 'generic',
    since: '1.0.0',
    summary: 'Find all keys matching the given pattern',
    arity: 2,
    flags: ['readonly'],
    categories: ['dangerous', 'keyspace'],
    tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
    run: keys,
  },
  {
    name: 'scan',
    group: 'generic',
    since: '2.8.0',
    summary: 'Incrementally iterate the keys space',
    arity: -2,
    flags: ['readonly', 'touches_arbitrary_keys'],
    tips: ['nondeterministic_output', 'request_policy:special'],
    run: scan,
  },
  {
    name: 'rename',
    group: 'generic',
    since: '1.0.0',
    summary: 'Rename a key',
    arity: 3,
    flags: ['write'],
    keySpecs: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'update')],
    run: (context) => rename(context, false),
  },
  {
    name: 'renamenx',
    group: 'generic',
    since: '1.0.0',
    summary: 'Rename a key, only if the new key does not exist',
    arity: 3,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'insert')],
    run: (context) => rename(context, true),
  },
  {
    name: 'randomkey',
    group: 'generic',
    since: '1.0.0',
    summary: 'Return a random key from the keyspace',
    arity: 1,
    flags: ['readonly', 'touches_arbitrary_keys'],
    tips: ['request_policy:all_shards', 'nondeterministic_output'],
    run: randomkey,
  },
  {
    name: 'object',
    group: 'generic',
    since: '2.2.3',
    summary: 'A container for object introspection commands',
    arity: -2,
    flags: [],
    subcommands: [
      objectSubcommand(
        'encoding',
        '2.2.3',
        'Inspect the internal encoding of a Redis object',
        objectEncoding,
      ),
      objectSubcommand(
        'freq',
        '4.0.0',
        'Get the logarithmic access frequency counter of a Redis object',
        objectFreq,
      ),
      objectSubcommand(
        'idletime',
        '2.2.3',
        'Get the time since a Redis object was last accessed',
        objectIdletime,
      ),
      objectSubcommand(
        'refcount',
        '2.2.3',
        'Get the number of references to the value of the key',
        objectRefcount,
      ),
      {
        name: 'help',
        group: 'generic',
        since: '6.2.0',
        summary: 'Show helpful text about the different subcommands',
        arity: 2,
        flags: ['loading', 'stale'],
        run: objectHelp,
      },
    ],
    run: () => undefined,
  },
]

function del(context: CommandContext): void {
  const { argv, database } = context
  let deleted = 0
  for (let index = 1; index < argv.count; index += 1) {
    if (!database.delete(argv.bytes, argv.start(index), argv.length(index))) continue
    deleted += 1
    context.signal(index, 'generic', 'del')
  }
  if (deleted > 0) context.changed()
  context.reply.integer(deleted)
}

function countKeys(context: CommandContext, touches: boolean): void {
  const { argv, database } = context
  let count = 0
  for (let index = 1; index < argv.count; index += 1) {
    const record = database.look(argv.bytes, argv.start(index), argv.length(index))
    if (record === 0) continue
    count += 1
    if (touches) database.touch(record)
  }
  context.reply.integer(count)
}

function type(context: CommandContext): void {
  const { argv, database } = context
  const record = database.look(argv.bytes, argv.start(1), argv.length(1))
  context.reply.simple(record === 0 ? 'none' : database.type(record))
}

function keys(context: CommandContext): void {
  const { argv, database } = context
  const pattern = argv.latin1(1)
  const found: Handle[] = []
  database.forEach((record) => {
    if (pattern === '*' || matchesGlob(pattern, keyText(database, record))) found.push(record)
  })
  replyWithKeys(context, found)
}

function scan(context: CommandContext): void {
  const { database, reply } = context
  const cursor = readScanCursor(context, 1)
  if (cursor === undefined) return
  const options = readScanOptions(context, 2, true)
  if (options === undefined) return
  const found: Handle[] = []
  let next = cursor
  // As Redis: ten buckets for each key asked for, so that a sparse table ends the call, too.
  for (let buckets = options.count * 10; buckets > 0; buckets -= 1) {
    next = database.scanAll(next, (record) => found.push(record))
    if (next === 0 || found.length >= options.count) break
  }
  const { pattern, type: wanted } = options
  const matching =
    pattern === undefined
      ? found
      : found.filter((record) => matchesGlob(pattern, keyText(database, record)))
  const due = matching.filter((record) => database.isDue(record)).map(keyOf(database))
  reply.array(2)
  reply.text(String(next))
  replyWithKeys(
    context,
    matching.filter(
      (record) =>
        !database.isDue(record) && (wanted === undefined || database.type(record) === wanted),
    ),
  )
  // Looked at, they go: now that no place among the records is needed any more.
  for (const key of due) database.peek(key, 0, key.length)
}

function keyOf(database: Database): (record: Handle) => Uint8Array {
  return (record) => {
    const start = database.keyStart(record)
    return database.bytes(record).slice(start, start + database.keyLength(record))
  }
}

function replyWithKeys(context: CommandContext, records: readonly Handle[]): void {
  const { database, reply } = context
  reply.array(records.length)
  for (const record of records) {
    reply.bulk(database.bytes(record), database.keyStart(record), database.keyLength(record))
  }
}

function keyText(database: Database, record: Handle): string {
  const bytes = database.bytes(record)
  const start = bytes.byteOffset + database.keyStart(record)
  return Buffer.from(bytes.buffer, start, database.keyLength(record)).toString('latin1')
}

function rename(context: CommandContext, onlyIfAbsent: boolean): void {
  const { argv, database, reply } = context
  const record = database.findForWrite(argv.bytes, argv.start(1), argv.length(1))
  if (record === 0) return reply.error(replyErrors.noSuchKey)
  const target = database.peek(argv.bytes, argv.start(2), argv.length(2))
  if (onlyIfAbsent && target !== 0) return reply.integer(0)
  if (target !== record) {
    database.rename(record, argv.bytes, argv.start(2), argv.length(2))
    context.modified(1)
    context.modified(2)
    context.notify('generic', 'rename_from', 1)
    context.notify('generic', 'rename_to', 2)
    context.changed()
  }
  if (onlyIfAbsent) reply.integer(1)
  else reply.simple('OK')
}

function randomkey(context: CommandContext): void {
  const { database, reply } = context
  const record = database.randomRecord()
  if (record === 0) return reply.null()
  reply.bulk(database.bytes(record), database.keyStart(record), database.keyLength(record))
}

function objectSubcommand(
  name: string,
  since: string,
  summary: string,
  tell: (context: CommandContext, record: Handle) => void,
): CommandSpec {
  return {
    name,
    group: 'generic',
    since,
    summary,
    arity: 3,
    flags: ['readonly'],
    keySpecs: [keyAt(2, 'RO')],
    tips: ['nondeterministic_output'],
    run: (context) => {
      const { argv, database, reply } = context
      const record = database.peek(argv.bytes, argv.start(2), argv.length(2))
      if (record === 0) reply.null()
      else tell(context, record)
    },
  }
}

function objectEncoding(context: CommandContext, record: Handle): void {
  context.reply.text(context.database.encoding(record))
}

/** Values are never shared here; but Redis shares small integers, and says so, unless it has to tell their uses apart. */
function objectRefcount(context: CommandContext, record: Handle): void {
  const { database, reply, services } = context
  const tellsUses = /-l[rf]u$/.test(services.config.value('maxmemory-policy'))
  const areShared = services.eviction.maxmemoryBytes === 0 || !tellsUses
  const isInteger = database.encoding(record) === 'int'
  const value = isInteger ? integerOf(database, record) : -1
  reply.integer(areShared && value >= 0 && value < SHARED_INTEGERS ? SHARED_REFERENCES : 1)
}

function integerOf(database: Database, record: Handle): number {
  const start = database.valueStart(record)
  return Number(int64Of(database.bytes(record), start, database.valueLength(record)) ?? -1)
}

function objectFreq(context: CommandContext, record: Handle): void {
  if (context.keyspace.access.settings.mode !== 'lfu') {
    return context.reply.error(replyErrors.lfuNotSelected)
  }
  context.reply.integer(context.database.frequency(record))
}

function objectIdletime(context: CommandContext, record: Handle): void {
  if (context.keyspace.access.settings.mode === 'lfu') {
    return context.reply.error(replyErrors.lfuSelected)
  }
  context.reply.integer(context.database.idleSeconds(record))
}

function objectHelp(context: CommandContext): void {
  replyWithHelp(context, 'OBJECT', [
    'ENCODING <key>',
    '    Return the kind of internal representation used in order to store the value',
    '    associated with a <key>.',
    'FREQ <key>',
    '    Return the access frequency index of the <key>. The returned integer is',
    '    proportional to the logarithm of the recent access frequency of the key.',
    'IDLETIME <key>',
    '    Return the idle time of the <key>, that is the approximated number of',
    '    seconds elapsed since the last access to the key.',
    'REFCOUNT <key>',
    '    Return the number of references of the value associated with the specified',
    '    <key>.',
  ])
}
