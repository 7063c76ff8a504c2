import { int64Argument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { keyAt } from '../execution/key-spec.ts'
import {
  addLongDoubles,
  formatLongDouble,
  isInfinity,
  parseLongDouble,
} from '../execution/long-double.ts'
import type { Handle } from '../keyspace/database.ts'
import type { HashValue } from '../keyspace/hash-value.ts'
import { replyErrors, wrongArity } from '../protocol/reply-errors.ts'
import { addInt64, type Int64, int64Of, writeInteger } from '../structures/int64.ts'
import { EMPTY_LISTPACK_BYTES, writeEmptyListpack } from '../structures/listpack-edit.ts'
import { hscan } from './collection-scan.ts'
import { hrandfield } from './hash-random.ts'

export const hashCommands: readonly CommandSpec[] = [
  {
    name: 'hset',
    group: 'hash',
    since: '2.0.0',
    summary: 'Set the string value of a hash field',
    arity: -4,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    run: hset,
  },
  {
    name: 'hsetnx',
    group: 'hash',
    since: '2.0.0',
    summary: 'Set the value of a hash field, only if the field does not exist',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'insert')],
    run: hsetnx,
  },
  {
    name: 'hmset',
    group: 'hash',
    since: '2.0.0',
    summary: 'Set multiple hash fields to multiple values',
    arity: -4,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'update')],
    run: hmset,
  },
  {
    name: 'hget',
    group: 'hash',
    since: '2.0.0',
    summary: 'Get the value of a hash field',
    arity: 3,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: hget,
  },
  {
    name: 'hmget',
    group: 'hash',
    since: '2.0.0',
    summary: 'Get the values of all the given hash fields',
    arity: -3,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: hmget,
  },
  {
    name: 'hgetall',
    group: 'hash',
    since: '2.0.0',
    summary: 'Get all the fields and values in a hash',
    arity: 2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: ['nondeterministic_output_order'],
    run: hgetall,
  },
  {
    name: 'hkeys',
    group: 'hash',
    since: '2.0.0',
    summary: 'Get all the fields in a hash',
    arity: 2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: ['nondeterministic_output_order'],
    run: hkeys,
  },
  {
    name: 'hvals',
    group: 'hash',
    since: '2.0.0',
    summary: 'Get all the values in a hash',
    arity: 2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: ['nondeterministic_output_order'],
    run: hvals,
  },
  {
    name: 'hlen',
    group: 'hash',
    since: '2.0.0',
    summary: 'Get the number of fields in a hash',
    arity: 2,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO')],
    run: hlen,
  },
  {
    name: 'hstrlen',
    group: 'hash',
    since: '3.2.0',
    summary: 'Get the length of the value of a hash field',
    arity: 3,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO')],
    run: hstrlen,
  },
  {
    name: 'hexists',
    group: 'hash',
    since: '2.0.0',
    summary: 'Determine if a hash field exists',
    arity: 3,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO')],
    run: hexists,
  },
  {
    name: 'hdel',
    group: 'hash',
    since: '2.0.0',
    summary: 'Delete one or more hash fields',
    arity: -3,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'delete')],
    run: hdel,
  },
  {
    name: 'hincrby',
    group: 'hash',
    since: '2.0.0',
    summary: 'Increment the integer value of a hash field by the given number',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: hincrby,
  },
  {
    name: 'hincrbyfloat',
    group: 'hash',
    since: '2.6.0',
    summary: 'Increment the float value of a hash field by the given amount',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: hincrbyfloat,
  },
  {
    name: 'hrandfield',
    group: 'hash',
    since: '6.2.0',
    summary: 'Get one or multiple random fields from a hash',
    arity: -2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: ['nondeterministic_output'],
    run: hrandfield,
  },
  {
    name: 'hscan',
    group: 'hash',
    since: '2.8.0',
    summary: 'Incrementally iterate hash fields and associated values',
    arity: -3,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: ['nondeterministic_output'],
    run: hscan,
  },
]

function hset(context: CommandContext): void {
  if (context.argv.count % 2 === 1) return context.reply.error(wrongArity('hset'))
  const created = setFields(context)
  if (created !== WRONG_TYPE) context.reply.integer(created)
}

function hmset(context: CommandContext): void {
  if (context.argv.count % 2 === 1) return context.reply.error(wrongArity('hmset'))
  if (setFields(context) !== WRONG_TYPE) context.reply.simple('OK')
}

/** How many fields are new, or WRONG_TYPE. */
function setFields(context: CommandContext): number {
  const { argv } = context
  const { hash } = context.collections
  if (!openForWrite(context)) return WRONG_TYPE
  makeReadyForArguments(context, 2, argv.count - 1)
  let created = 0
  for (let index = 2; index < argv.count; index += 2) {
    if (setField(context, hash, index, index + 1)) created += 1
  }
  changed(context, 'hset')
  return created
}

function hsetnx(context: CommandContext): void {
  const { argv, reply } = context
  const { hash } = context.collections
  if (!openForWrite(context)) return
  if (hash.has(argv.bytes, argv.start(2), argv.length(2))) return reply.integer(0)
  makeReadyForArguments(context, 2, 3)
  setField(context, hash, 2, 3)
  changed(context, 'hset')
  reply.integer(1)
}

/** Opens the hash at the first argument's key, a new one where there is none; false after WRONGTYPE. */
function openForWrite(context: CommandContext): boolean {
  const record = context.findValue(1, 'hash', 'write')
  if (record === WRONG_TYPE) return false
  context.collections.hash.open(context.database, record === 0 ? createHash(context) : record)
  return true
}

function createHash({ argv, database }: CommandContext): Handle {
  const record = database.createPacked(
    argv.bytes,
    argv.start(1),
    argv.length(1),
    'hash',
    EMPTY_LISTPACK_BYTES,
  )
  writeEmptyListpack(database.bytes(record), database.valueStart(record))
  return record
}

/** Before the fields and values between two arguments are set. */
function makeReadyForArguments(context: CommandContext, first: number, last: number): void {
  const { argv } = context
  let longest = 0
  let sum = 0
  for (let index = first; index <= last; index += 1) {
    const length = argv.length(index)
    if (length > longest) longest = length
    sum += length
  }
  context.collections.hash.makeReadyFor(longest, sum)
}

function setField(
  { argv }: CommandContext,
  hash: HashValue,
  field: number,
  value: number,
): boolean {
  return hash.set(
    argv.bytes,
    argv.start(field),
    argv.length(field),
    argv.bytes,
    argv.start(value),
    argv.length(value),
  )
}

function changed(context: CommandContext, event: string): void {
  context.modified(1)
  context.notify('hash', event, 1)
  context.changed()
}

/** Opens the hash to read; false when there is none, or after WRONGTYPE, which has been answered. */
function openForRead(
  context: CommandContext,
  answerNothing: (context: CommandContext) => void,
): boolean {
  const record = context.findValue(1, 'hash', 'read')
  if (record > 0) {
    context.collections.hash.open(context.database, record)
    return true
  }
  if (record === 0) answerNothing(context)
  return false
}

function answerNull({ reply }: CommandContext): void {
  reply.null()
}

function answerZero({ reply }: CommandContext): void {
  reply.integer(0)
}

function answerEmptyArray({ reply }: CommandContext): void {
  reply.array(0)
}

function answerEmptyMap({ reply }: CommandContext): void {
  reply.map(0)
}

function hget(context: CommandContext): void {
  if (openForRead(context, answerNull)) replyWithValue(context, 2)
}

function hmget(context: CommandContext): void {
  const { argv, reply } = context
  const record = context.findValue(1, 'hash', 'read')
  if (record === WRONG_TYPE) return
  if (record !== 0) context.collections.hash.open(context.database, record)
  reply.array(argv.count - 2)
  for (let index = 2; index < argv.count; index += 1) {
    if (record === 0) reply.null()
    else replyWithValue(context, index)
  }
}

function replyWithValue(context: CommandContext, field: number): void {
  const { argv, reply } = context
  const { hash } = context.collections
  if (hash.find(argv.bytes, argv.start(field), argv.length(field))) hash.value.replyTo(reply)
  else reply.null()
}

function hgetall(context: CommandContext): void {
  const { reply } = context
  const { hash } = context.collections
  if (!openForRead(context, answerEmptyMap)) return
  reply.map(hash.size)
  hash.rewind()
  while (hash.next()) {
    hash.field.replyTo(reply)
    hash.value.replyTo(reply)
  }
}

function hkeys(context: CommandContext): void {
  const { hash } = context.collections
  if (!openForRead(context, answerEmptyArray)) return
  context.reply.array(hash.size)
  hash.rewind()
  while (hash.next()) hash.field.replyTo(context.reply)
}

function hvals(context: CommandContext): void {
  const { hash } = context.collections
  if (!openForRead(context, answerEmptyArray)) return
  context.reply.array(hash.size)
  hash.rewind()
  while (hash.next()) hash.value.replyTo(context.reply)
}

function hlen(context: CommandContext): void {
  if (openForRead(context, answerZero)) context.reply.integer(context.collections.hash.size)
}

function hstrlen(context: CommandContext): void {
  const { argv, reply } = context
  const { hash } = context.collections
  if (!openForRead(context, answerZero)) return
  if (!hash.find(argv.bytes, argv.start(2), argv.length(2))) return reply.integer(0)
  hash.value.spell()
  reply.integer(hash.value.length)
}

function hexists(context: CommandContext): void {
  const { argv, reply } = context
  const { hash } = context.collections
  if (!openForRead(context, answerZero)) return
  reply.integer(hash.has(argv.bytes, argv.start(2), argv.length(2)) ? 1 : 0)
}

function hdel(context: CommandContext): void {
  const { argv, database, reply } = context
  const { hash } = context.collections
  const record = context.findValue(1, 'hash', 'write')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.integer(0)
  hash.open(database, record)
  let deleted = 0
  for (let index = 2; index < argv.count && hash.size > 0; index += 1) {
    if (hash.remove(argv.bytes, argv.start(index), argv.length(index))) deleted += 1
  }
  if (deleted > 0) {
    const isEmpty = hash.size === 0
    if (isEmpty) database.delete(argv.bytes, argv.start(1), argv.length(1))
    changed(context, 'hdel')
    if (isEmpty) context.notify('generic', 'del', 1)
  }
  reply.integer(deleted)
}

function hincrby(context: CommandContext): void {
  const { argv, reply, scratch } = context
  const { hash } = context.collections
  const increment = int64Argument(argv, 3)
  if (increment === undefined) return reply.error(replyErrors.notInteger)
  if (!openForWrite(context)) return
  const value = integerOf(context)
  if (value === undefined) return reply.error(replyErrors.hashValueNotInteger)
  const sum = addInt64(value, increment)
  if (sum === undefined) return reply.error(replyErrors.overflow)
  const length = writeInteger(scratch, sum)
  hash.set(argv.bytes, argv.start(2), argv.length(2), scratch, 0, length)
  changed(context, 'hincrby')
  reply.integer(sum)
}

/** The value of the second argument's field, 0 when there is none. */
function integerOf({ argv, collections }: CommandContext): Int64 | undefined {
  const { hash } = collections
  if (!hash.find(argv.bytes, argv.start(2), argv.length(2))) return 0
  const { value } = hash
  return value.isInteger ? value.integer : int64Of(value.bytes, value.start, value.length)
}

function hincrbyfloat(context: CommandContext): void {
  const { argv, reply } = context
  const { hash } = context.collections
  const text = argv.latin1(3)
  const increment = parseLongDouble(text)
  if (increment === undefined) {
    return reply.error(isInfinity(text) ? replyErrors.notFinite : replyErrors.notFloat)
  }
  if (!openForWrite(context)) return
  const hasValue = hash.find(argv.bytes, argv.start(2), argv.length(2))
  const old = hasValue ? hash.value.latin1() : '0'
  const value = parseLongDouble(old)
  if (value === undefined) {
    return reply.error(isInfinity(old) ? replyErrors.notANumber : replyErrors.hashValueNotFloat)
  }
  const result = formatLongDouble(addLongDoubles(value, increment))
  const bytes = Buffer.from(result, 'latin1')
  hash.set(argv.bytes, argv.start(2), argv.length(2), bytes, 0, bytes.length)
  context.modified(1)
  context.notify('hash', 'hincrbyfloat', 1)
  // Another machine's floating point must not decide: the result goes on, not the sum.
  context.changedAs('HSET', argv.view(1), argv.view(2), result)
  reply.text(result)
}
