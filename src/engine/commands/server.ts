import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { keyAt } from '../execution/key-spec.ts'
import type { MemoryStat } from '../introspection/memory-use.ts'
import type { Database } from '../keyspace/database.ts'
import { replyErrors, unknownSubcommand } from '../protocol/reply-errors.ts'
import type { ReplyWriter } from '../protocol/reply-writer.ts'
import { parseMemory } from '../runtime-config/simple-types.ts'
import { PLAIN_BYTES_MIN } from '../structures/quicklist.ts'
import { isAllowed } from './protected-action.ts'

/** quicklist.c: what DEBUG QUICKLIST-PACKED-THRESHOLD takes at most. */
const PLAIN_BYTES_MIN_MAX = 2n ** 32n - 2n ** 20n

export const serverCommands: readonly CommandSpec[] = [
  {
    name: 'dbsize',
    group: 'server',
    since: '1.0.0',
    summary: 'Return the number of keys in the selected database',
    arity: 1,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
    run: ({ database, reply }) => reply.integer(database.size),
  },
  {
    name: 'flushdb',
    group: 'server',
    since: '1.0.0',
    summary: 'Remove all keys from the current database',
    arity: -1,
    flags: ['write'],
    categories: ['dangerous', 'keyspace'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    run: (context) => flush(context, [context.database]),
  },
  {
    name: 'flushall',
    group: 'server',
    since: '1.0.0',
    summary: 'Remove all keys from all databases',
    arity: -1,
    flags: ['write'],
    categories: ['dangerous', 'keyspace'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    run: (context) => flush(context, context.keyspace.databases),
  },
  {
    name: 'swapdb',
    group: 'server',
    since: '4.0.0',
    summary: 'Swaps two Redis databases',
    arity: 3,
    flags: ['write', 'fast'],
    categories: ['dangerous', 'keyspace'],
    run: swapdb,
  },
  {
    name: 'time',
    group: 'server',
    since: '2.6.0',
    summary: 'Return the current server time',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    tips: ['nondeterministic_output'],
    run: time,
  },
  {
    name: 'info',
    group: 'server',
    since: '1.0.0',
    summary: 'Get information and statistics about the server',
    arity: -1,
    flags: ['loading', 'stale'],
    categories: ['dangerous'],
    tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
    run: info,
  },
  {
    name: 'memory',
    group: 'server',
    since: '4.0.0',
    summary: 'A container for memory diagnostics commands',
    arity: -2,
    flags: [],
    subcommands: [
      {
        name: 'usage',
        group: 'server',
        since: '4.0.0',
        summary: 'Estimate the memory usage of a key',
        arity: -3,
        flags: ['readonly'],
        keySpecs: [keyAt(2, 'RO')],
        run: memoryUsage,
      },
      {
        name: 'stats',
        group: 'server',
        since: '4.0.0',
        summary: 'Show memory usage details',
        arity: 2,
        flags: [],
        tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
        run: memoryStats,
      },
    ],
    run: () => undefined,
  },
  {
    name: 'debug',
    group: 'server',
    since: '1.0.0',
    summary: 'A container for debugging commands',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale', 'protected'],
    run: debug,
  },
]

function flush(context: CommandContext, databases: readonly Database[]): void {
  const { argv, keyspace, reply, services } = context
  const isKnown =
    argv.count === 1 || (argv.count === 2 && (argv.is(1, 'SYNC') || argv.is(1, 'ASYNC')))
  if (!isKnown) return reply.error(replyErrors.syntax)
  for (const { index } of databases) services.transactions.touchDatabase(index)
  if (databases.length === 1) keyspace.flush(context.database)
  else keyspace.flushAll()
  for (const { index } of databases) services.blocking.databaseReady(index)
  if (services.tracking.isOn) services.tracking.invalidateAll()
  context.changed()
  reply.simple('OK')
}

function swapdb(context: CommandContext): void {
  const { argv, keyspace, reply, services } = context
  const first = integerArgument(argv, 1)
  const second = integerArgument(argv, 2)
  if (Number.isNaN(first)) return reply.error('ERR invalid first DB index')
  if (Number.isNaN(second)) return reply.error('ERR invalid second DB index')
  const count = keyspace.databases.length
  if (first < 0 || first >= count || second < 0 || second >= count) {
    return reply.error(replyErrors.databaseOutOfRange)
  }
  if (first !== second) {
    services.transactions.touchDatabase(first, second)
    services.transactions.touchDatabase(second, first)
    keyspace.swap(first, second)
    for (const index of [first, second]) services.blocking.databaseReady(index)
  }
  context.changed()
  reply.simple('OK')
}

function time({ nowMs, reply }: CommandContext): void {
  reply.array(2)
  reply.text(String(Math.floor(nowMs / 1_000)))
  reply.text(String((nowMs % 1_000) * 1_000))
}

function info({ argv, reply, services }: CommandContext): void {
  const sections: string[] = []
  for (let index = 1; index < argv.count; index += 1) sections.push(argv.latin1(index))
  reply.verbatim(services.info(sections))
}

function memoryUsage({ argv, database, reply }: CommandContext): void {
  if (argv.count > 3) {
    const isSamples = argv.count === 5 && argv.is(3, 'SAMPLES')
    if (!isSamples) return reply.error(replyErrors.syntax)
    const samples = integerArgument(argv, 4)
    if (Number.isNaN(samples)) return reply.error(replyErrors.notInteger)
    if (samples < 0) return reply.error(replyErrors.syntax)
  }
  const record = database.peek(argv.bytes, argv.start(2), argv.length(2))
  if (record === 0) reply.null()
  else reply.integer(database.memoryUsage(record))
}

function memoryStats({ reply, services }: CommandContext): void {
  replyWithStats(reply, services.memoryStats())
}

function replyWithStats(reply: ReplyWriter, stats: readonly MemoryStat[]): void {
  reply.map(stats.length)
  for (const [name, kind, value] of stats) {
    reply.text(name)
    if (kind === 'map') replyWithStats(reply, value)
    else if (kind === 'integer') reply.integer(value)
    else reply.double(value)
  }
}

function debug(context: CommandContext): void {
  const { argv, reply, services } = context
  if (!isAllowed(context, 'enable-debug-command')) return reply.error(replyErrors.debugNotAllowed)
  if (argv.is(1, 'SLEEP') && argv.count === 3) {
    sleepSync(Number(argv.latin1(2)) * 1_000)
    return reply.simple('OK')
  }
  if (argv.is(1, 'SET-ACTIVE-EXPIRE') && argv.count === 3) {
    services.setActiveExpiry(argv.latin1(2) !== '0')
    return reply.simple('OK')
  }
  if (argv.is(1, 'QUICKLIST-PACKED-THRESHOLD') && argv.count === 3) {
    return setPackedThreshold(context)
  }
  reply.error(unknownSubcommand(argv.latin1(1), 'debug'))
}

/** From so many bytes on, elements of lists get nodes of their own; 0 for the default. */
function setPackedThreshold({ argv, reply, structures }: CommandContext): void {
  const bytes = parseMemory(argv.latin1(2))
  if (bytes === undefined || bytes > PLAIN_BYTES_MIN_MAX) {
    return reply.error(replyErrors.packedThreshold)
  }
  structures.lists.plainBytesMin = bytes === 0n ? PLAIN_BYTES_MIN : Number(bytes)
  reply.simple('OK')
}

/** Stops the whole process, as DEBUG SLEEP does. */
function sleepSync(ms: number): void {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
