import { int64Argument, integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { setKeys } from '../execution/key-extractors.ts'
import { keyAt, keyRange, keysFrom, withNotes } from '../execution/key-spec.ts'
import {
  addLongDoubles,
  formatLongDouble,
  isInfinity,
  parseLongDouble,
} from '../execution/long-double.ts'
import { type Handle, NO_EXPIRY } from '../keyspace/database.ts'
import { replyErrors, wrongArity } from '../protocol/reply-errors.ts'
import { addInt64, INT64_MIN, type Int64, int64Of, writeInteger } from '../structures/int64.ts'
import type { StringForm } from '../structures/string-value.ts'
import { findString, replyWithValue, setArgument } from './string-access.ts'
import { NO_OPTIONS, parseSetOptions, readExpiry } from './string-options.ts'

export const stringCommands: readonly CommandSpec[] = [
  {
    name: 'get',
    group: 'string',
    since: '1.0.0',
    summary: 'Get the value of a key',
    arity: 2,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: get,
  },
  {
    name: 'set',
    group: 'string',
    since: '1.0.0',
    summary: 'Set the string value of a key',
    arity: -3,
    flags: ['write', 'denyoom'],
    keySpecs: [
      withNotes(
        'RW and ACCESS due to the optional `GET` argument',
        keyAt(1, 'RW', 'access', 'update', 'variable_flags'),
      ),
    ],
    extractKeys: setKeys,
    run: set,
  },
  {
    name: 'setnx',
    group: 'string',
    since: '1.0.0',
    summary: 'Set the value of a key, only if the key does not exist',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'OW', 'insert')],
    run: setnx,
  },
  {
    name: 'setex',
    group: 'string',
    since: '2.0.0',
    summary: 'Set the value and expiration of a key',
    arity: 4,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'OW', 'update')],
    run: (context) => setWithTtl(context, 1_000),
  },
  {
    name: 'psetex',
    group: 'string',
    since: '2.6.0',
    summary: 'Set the value and expiration in milliseconds of a key',
    arity: 4,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'OW', 'update')],
    run: (context) => setWithTtl(context, 1),
  },
  {
    name: 'getset',
    group: 'string',
    since: '1.0.0',
    summary: 'Set the string value of a key and return its old value',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: getset,
  },
  {
    name: 'getdel',
    group: 'string',
    since: '6.2.0',
    summary: 'Get the value of a key and delete the key',
    arity: 2,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'delete')],
    run: getdel,
  },
  {
    name: 'getex',
    group: 'string',
    since: '6.2.0',
    summary: 'Get the value of a key and optionally set its expiration',
    arity: -2,
    flags: ['write', 'fast'],
    keySpecs: [
      withNotes('RW and UPDATE because it changes the TTL', keyAt(1, 'RW', 'access', 'update')),
    ],
    run: getex,
  },
  {
    name: 'mget',
    group: 'string',
    since: '1.0.0',
    summary: 'Get the values of all the given keys',
    arity: -2,
    flags: ['readonly', 'fast'],
    keySpecs: [keysFrom(1, 'RO', 'access')],
    tips: ['request_policy:multi_shard'],
    run: mget,
  },
  {
    name: 'mset',
    group: 'string',
    since: '1.0.1',
    summary: 'Set multiple keys to multiple values',
    arity: -3,
    flags: ['write', 'denyoom'],
    keySpecs: [keyRange(1, { last: -1, step: 2 }, 'OW', 'update')],
    tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
    run: mset,
  },
  {
    name: 'msetnx',
    group: 'string',
    since: '1.0.1',
    summary: 'Set multiple keys to multiple values, only if none of the keys exist',
    arity: -3,
    flags: ['write', 'denyoom'],
    keySpecs: [keyRange(1, { last: -1, step: 2 }, 'OW', 'insert')],
    tips: ['request_policy:multi_shard', 'response_policy:agg_min'],
    run: msetnx,
  },
  {
    name: 'append',
    group: 'string',
    since: '2.0.0',
    summary: 'Append a value to a key',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'insert')],
    run: append,
  },
  {
    name: 'strlen',
    group: 'string',
    since: '2.2.0',
    summary: 'Get the length of the value stored in a key',
    arity: 2,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO')],
    run: strlen,
  },
  {
    name: 'setrange',
    group: 'string',
    since: '2.2.0',
    summary: 'Overwrite part of a string at key starting at the specified offset',
    arity: 4,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    run: setrange,
  },
  {
    name: 'getrange',
    group: 'string',
    since: '2.4.0',
    summary: 'Get a substring of the string stored at a key',
    arity: 4,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: getrange,
  },
  {
    name: 'substr',
    group: 'string',
    since: '1.0.0',
    summary: 'Get a substring of the string stored at a key',
    arity: 4,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: getrange,
  },
  {
    name: 'incr',
    group: 'string',
    since: '1.0.0',
    summary: 'Increment the integer value of a key by one',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: (context) => incrementBy(context, 1),
  },
  {
    name: 'decr',
    group: 'string',
    since: '1.0.0',
    summary: 'Decrement the integer value of a key by one',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: (context) => incrementBy(context, -1),
  },
  {
    name: 'incrby',
    group: 'string',
    since: '1.0.0',
    summary: 'Increment the integer value of a key by the given amount',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: incrby,
  },
  {
    name: 'decrby',
    group: 'string',
    since: '1.0.0',
    summary: 'Decrement the integer value of a key by the given number',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: decrby,
  },
  {
    name: 'incrbyfloat',
    group: 'string',
    since: '2.6.0',
    summary: 'Increment the float value of a key by the given amount',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: incrbyfloat,
  },
]

function get(context: CommandContext): void {
  replyWithValue(context, findString(context, 1, 'read'))
}

function set(context: CommandContext): void {
  const options = parseSetOptions(context, 'set')
  if (options === undefined) return
  if (options === NO_OPTIONS) return setPlainly(context)
  const { argv, database, reply } = context
  const record = database.findForWrite(argv.bytes, argv.start(1), argv.length(1))
  if (options.returnsOld) {
    if (record !== 0 && !database.isString(record))
      return context.reply.error(replyErrors.wrongType)
    replyWithValue(context, record)
  }
  const isRefused =
    options.condition === 'nx' ? record !== 0 : options.condition === 'xx' && record === 0
  if (isRefused) {
    if (!options.returnsOld) reply.null()
    return
  }
  setArgument(context, 1, 2, options.expiresAtMs)
  signalSet(context, options.expiresAtMs)
  if (!options.returnsOld) reply.simple('OK')
  if (options.expiresAtMs > NO_EXPIRY && context.isPropagating) {
    context.changedAs('SET', argv.view(1), argv.view(2), 'PXAT', options.expiresAtMs)
  } else {
    context.changed()
  }
}

function signalSet(context: CommandContext, expiresAtMs: number): void {
  context.signal(1, 'string', 'set')
  if (expiresAtMs > NO_EXPIRY) context.notify('generic', 'expire', 1)
}

/** What most calls do: nothing needs to be known of the key before. */
function setPlainly(context: CommandContext): void {
  setArgument(context, 1, 2, NO_EXPIRY)
  context.signal(1, 'string', 'set')
  context.changed()
  context.reply.simple('OK')
}

function setnx(context: CommandContext): void {
  const { argv, database, reply } = context
  if (database.findForWrite(argv.bytes, argv.start(1), argv.length(1)) !== 0)
    return reply.integer(0)
  setArgument(context, 1, 2, NO_EXPIRY)
  context.signal(1, 'string', 'set')
  context.changed()
  reply.integer(1)
}

function setWithTtl(context: CommandContext, unitMs: number): void {
  const name = unitMs === 1 ? 'psetex' : 'setex'
  const expiresAtMs = readExpiry(context, 2, { unitMs, isInstant: false, command: name })
  if (expiresAtMs === undefined) return
  const { argv } = context
  setArgument(context, 1, 3, expiresAtMs)
  signalSet(context, expiresAtMs)
  if (context.isPropagating) {
    context.changedAs('SET', argv.view(1), argv.view(3), 'PXAT', expiresAtMs)
  } else {
    context.changed()
  }
  context.reply.simple('OK')
}

function getset(context: CommandContext): void {
  const record = findString(context, 1, 'write')
  if (record === WRONG_TYPE) return
  replyWithValue(context, record)
  setArgument(context, 1, 2, NO_EXPIRY)
  context.signal(1, 'string', 'set')
  // Nobody else needs the old value.
  context.changedAs('SET', context.argv.view(1), context.argv.view(2))
}

function getdel(context: CommandContext): void {
  const { argv, database } = context
  const record = findString(context, 1, 'read')
  replyWithValue(context, record)
  if (record <= 0) return
  database.delete(argv.bytes, argv.start(1), argv.length(1))
  context.signal(1, 'generic', 'del')
  context.changedAs('DEL', argv.view(1))
}

function getex(context: CommandContext): void {
  const { argv, database } = context
  const options = parseSetOptions(context, 'getex')
  if (options === undefined) return
  const record = findString(context, 1, 'read')
  replyWithValue(context, record)
  if (record <= 0) return
  if (options.persists) {
    if (database.expiresAtMs(record) === NO_EXPIRY) return
    database.setExpiry(record, NO_EXPIRY)
    context.signal(1, 'generic', 'persist')
    context.changedAs('PERSIST', argv.view(1))
  } else if (options.expiresAtMs > NO_EXPIRY) {
    if (options.expiresAtMs <= context.dueMs && !context.keyspace.isFollowing) {
      database.delete(argv.bytes, argv.start(1), argv.length(1))
      context.signal(1, 'generic', 'del')
      context.changedAs('DEL', argv.view(1))
      return
    }
    database.setExpiry(record, options.expiresAtMs)
    context.signal(1, 'generic', 'expire')
    context.changedAs('PEXPIREAT', argv.view(1), options.expiresAtMs)
  }
}

function mget(context: CommandContext): void {
  const { argv, database, reply } = context
  reply.array(argv.count - 1)
  for (let index = 1; index < argv.count; index += 1) {
    const record = database.find(argv.bytes, argv.start(index), argv.length(index))
    if (record === 0 || !database.isString(record)) reply.null()
    else replyWithValue(context, record)
  }
}

function mset(context: CommandContext): void {
  if (context.argv.count % 2 === 0) return context.reply.error(wrongArity('mset'))
  setPairs(context)
  context.reply.simple('OK')
}

function msetnx(context: CommandContext): void {
  const { argv, database, reply } = context
  if (argv.count % 2 === 0) return reply.error(wrongArity('msetnx'))
  for (let index = 1; index < argv.count; index += 2) {
    if (database.peek(argv.bytes, argv.start(index), argv.length(index)) !== 0)
      return reply.integer(0)
  }
  setPairs(context)
  reply.integer(1)
}

function setPairs(context: CommandContext): void {
  for (let index = 1; index < context.argv.count; index += 2) {
    setArgument(context, index, index + 1, NO_EXPIRY)
    context.signal(index, 'string', 'set')
  }
  context.changed()
}

function append(context: CommandContext): void {
  const { argv, database, reply } = context
  const record = findString(context, 1, 'write')
  if (record === WRONG_TYPE) return
  if (record === 0) {
    setArgument(context, 1, 2, NO_EXPIRY)
    context.signal(1, 'string', 'append')
    context.changed()
    return reply.integer(argv.length(2))
  }
  const oldLength = database.valueLength(record)
  const length = oldLength + argv.length(2)
  if (isTooLong(context, length)) return reply.error(replyErrors.stringTooLong)
  writeAt(context, database.resizeString(record, length), oldLength, 2)
  context.signal(1, 'string', 'append')
  context.changed()
  reply.integer(length)
}

function strlen(context: CommandContext): void {
  const record = findString(context, 1, 'read')
  if (record === WRONG_TYPE) return
  context.reply.integer(record === 0 ? 0 : context.database.valueLength(record))
}

function setrange(context: CommandContext): void {
  const { argv, database, reply } = context
  const offset = integerArgument(argv, 2)
  if (Number.isNaN(offset)) return reply.error(replyErrors.notInteger)
  if (offset < 0) return reply.error(replyErrors.offsetOutOfRange)
  const record = findString(context, 1, 'write')
  if (record === WRONG_TYPE) return
  const oldLength = record === 0 ? 0 : database.valueLength(record)
  const added = argv.length(3)
  if (added === 0) return reply.integer(oldLength)
  if (isTooLong(context, offset + added)) return reply.error(replyErrors.stringTooLong)
  const length = Math.max(oldLength, offset + added)
  const resized =
    record === 0
      ? database.createBlank(argv.bytes, argv.start(1), argv.length(1), length)
      : database.resizeString(record, length)
  writeAt(context, resized, offset, 3)
  context.signal(1, 'string', 'setrange')
  context.changed()
  reply.integer(length)
}

/** Copies the argument into the value. */
function writeAt(context: CommandContext, record: Handle, offset: number, argument: number): void {
  const { argv, database } = context
  const start = argv.start(argument)
  const source = argv.bytes.subarray(start, start + argv.length(argument))
  database.bytes(record).set(source, database.valueStart(record) + offset)
}

function isTooLong(context: CommandContext, length: number): boolean {
  return length > context.services.config.integer('proto-max-bulk-len')
}

function getrange(context: CommandContext): void {
  const { argv, database, reply } = context
  const start = integerArgument(argv, 2)
  const end = integerArgument(argv, 3)
  if (Number.isNaN(start) || Number.isNaN(end)) return reply.error(replyErrors.notInteger)
  const record = findString(context, 1, 'read')
  if (record === WRONG_TYPE) return
  const length = record === 0 ? 0 : database.valueLength(record)
  const isEmpty = start < 0 && end < 0 && start > end
  const first = Math.max(0, start < 0 ? start + length : start)
  const last = Math.min(length - 1, Math.max(0, end < 0 ? end + length : end))
  if (isEmpty || length === 0 || first > last) return reply.text('')
  reply.bulk(database.bytes(record), database.valueStart(record) + first, last - first + 1)
}

function incrby(context: CommandContext): void {
  const increment = int64Argument(context.argv, 2)
  if (increment === undefined) return context.reply.error(replyErrors.notInteger)
  incrementBy(context, increment)
}

function decrby(context: CommandContext): void {
  const decrement = int64Argument(context.argv, 2)
  if (decrement === undefined) return context.reply.error(replyErrors.notInteger)
  if (decrement === INT64_MIN) return context.reply.error(replyErrors.decrementOverflow)
  incrementBy(context, -decrement)
}

function incrementBy(context: CommandContext, increment: Int64): void {
  const { reply } = context
  const record = findString(context, 1, 'write')
  if (record === WRONG_TYPE) return
  const value = record === 0 ? 0 : integerOf(context, record)
  if (value === undefined) return reply.error(replyErrors.notInteger)
  const result = addInt64(value, increment)
  if (result === undefined) return reply.error(replyErrors.overflow)
  const length = writeInteger(context.scratch, result)
  setResult(context, record, context.scratch, length, 'given')
  context.signal(1, 'string', 'incrby')
  context.changed()
  reply.integer(result)
}

function integerOf({ database }: CommandContext, record: Handle): Int64 | undefined {
  const bytes = database.bytes(record)
  return int64Of(bytes, database.valueStart(record), database.valueLength(record))
}

/** Sets the key, whose record is `record` or none, to `length` bytes of the command's own; its expiry stays. */
function setResult(
  context: CommandContext,
  record: Handle,
  value: Uint8Array,
  length: number,
  form: StringForm,
): void {
  const { argv, database } = context
  if (record !== 0) {
    database.overwrite(record, value, length, form)
    return
  }
  const [key, start, keyLength] = [argv.bytes, argv.start(1), argv.length(1)]
  const created = database.setString(key, start, keyLength, value, 0, length, NO_EXPIRY)
  database.setStringForm(created, form)
}

function incrbyfloat(context: CommandContext): void {
  const { argv, reply } = context
  const record = findString(context, 1, 'write')
  if (record === WRONG_TYPE) return
  const value = parseLongDouble(record === 0 ? '0' : textOf(context, record))
  if (value === undefined) return reply.error(replyErrors.notFloat)
  const text = argv.latin1(2)
  const increment = parseLongDouble(text)
  if (increment === undefined) {
    return reply.error(isInfinity(text) ? replyErrors.notANumber : replyErrors.notFloat)
  }
  const result = formatLongDouble(addLongDoubles(value, increment))
  setResult(context, record, Buffer.from(result, 'latin1'), result.length, 'printed')
  context.signal(1, 'string', 'incrbyfloat')
  // Another machine's floating point must not decide: the result goes on, not the sum.
  context.changedAs('SET', argv.view(1), result, 'KEEPTTL')
  reply.text(result)
}

function textOf(context: CommandContext, record: Handle): string {
  const { database } = context
  const bytes = database.bytes(record)
  const start = bytes.byteOffset + database.valueStart(record)
  return Buffer.from(bytes.buffer, start, database.valueLength(record)).toString('latin1')
}
