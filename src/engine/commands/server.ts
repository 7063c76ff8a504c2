import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import type { Database } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

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
  if (databases.length > 1) services.persistence.flushed()
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
