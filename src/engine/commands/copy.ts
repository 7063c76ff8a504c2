import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { keyAt } from '../execution/key-spec.ts'
import type { Database } from '../keyspace/database.ts'
import { EVENT_CLASSES } from '../keyspace/key-events.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { readDatabaseIndex } from './database-index.ts'

export const copyCommands: readonly CommandSpec[] = [
  {
    name: 'copy',
    group: 'generic',
    since: '6.2.0',
    summary: 'Copy a key',
    arity: -3,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'RO', 'access'), keyAt(2, 'OW', 'update')],
    run: copy,
  },
  {
    name: 'move',
    group: 'generic',
    since: '1.0.0',
    summary: 'Move a key to another database',
    arity: 3,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: move,
  },
]

function copy(context: CommandContext): void {
  const { argv, database, reply } = context
  const options = readCopyOptions(context)
  if (options === undefined) return
  const { target, replaces } = options
  if (target === database && isSameKey(context)) return reply.error(replyErrors.sameObject)
  const record = database.find(argv.bytes, argv.start(1), argv.length(1))
  if (record === 0) return reply.integer(0)
  const start = argv.start(2)
  const length = argv.length(2)
  if (!replaces && target.peek(argv.bytes, start, length) !== 0) return reply.integer(0)
  database.copyTo(record, target, argv.bytes, start, length)
  tell(context, target, { argument: 2, event: 'copy_to' })
  context.changed()
  reply.integer(1)
}

/** `undefined` once the error is written. */
function readCopyOptions(
  context: CommandContext,
): { readonly target: Database; readonly replaces: boolean } | undefined {
  const { argv, reply } = context
  let target: Database | undefined = context.database
  let replaces = false
  for (let index = 3; index < argv.count; index += 1) {
    if (argv.is(index, 'REPLACE')) replaces = true
    else if (argv.is(index, 'DB') && index + 1 < argv.count) {
      index += 1
      target = databaseAt(context, index)
      if (target === undefined) return undefined
    } else {
      reply.error(replyErrors.syntax)
      return undefined
    }
  }
  return { target, replaces }
}

function move(context: CommandContext): void {
  const { argv, database, reply } = context
  const target = databaseAt(context, 2)
  if (target === undefined) return
  if (target === database) return reply.error(replyErrors.sameObject)
  const start = argv.start(1)
  const length = argv.length(1)
  const record = database.findForWrite(argv.bytes, start, length)
  if (record === 0 || target.peek(argv.bytes, start, length) !== 0) return reply.integer(0)
  database.moveTo(record, target, argv.bytes, start, length)
  tell(context, database, { argument: 1, event: 'move_from' })
  tell(context, target, { argument: 1, event: 'move_to' })
  context.changed()
  reply.integer(1)
}

/** `undefined` once the error is written. */
function databaseAt(context: CommandContext, argument: number): Database | undefined {
  const index = readDatabaseIndex(context, argument)
  return index === undefined ? undefined : context.keyspace.databases[index]
}

function isSameKey({ argv }: CommandContext): boolean {
  return argv.view(1).equals(argv.view(2))
}

/** What happened to a key of any database. */
function tell(
  { argv, keyspace }: CommandContext,
  { index }: Database,
  { argument, event }: { readonly argument: number; readonly event: string },
): void {
  const { events } = keyspace
  events.modified(index, argv.bytes, argv.start(argument), argv.length(argument))
  if ((events.classes & EVENT_CLASSES.generic) === 0) return
  events.onEvent?.('generic', event, index, argv.view(argument))
}
