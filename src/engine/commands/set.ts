import type { CommandSpec } from '../execution/command.ts'
import type { CommandContext } from '../execution/context.ts'
import { WRONG_TYPE } from '../execution/context.ts'
import { countedKeys, keyAt, keysFrom } from '../execution/key-spec.ts'
import type { Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { EMPTY_INT_SET_BYTES, writeEmptyIntSet } from '../structures/int-set.ts'
import { orFree } from '../structures/or-free.ts'
import { isCanonicalInt64 } from '../structures/string-value.ts'
import { sscan } from './collection-scan.ts'
import {
  sdiff,
  sdiffstore,
  sinter,
  sintercard,
  sinterstore,
  sunion,
  sunionstore,
} from './set-algebra.ts'
import { spop, srandmember } from './set-random.ts'

export const setCommands: readonly CommandSpec[] = [
  {
    name: 'sadd',
    group: 'set',
    since: '1.0.0',
    summary: 'Add one or more members to a set',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'insert')],
    run: sadd,
  },
  {
    name: 'srem',
    group: 'set',
    since: '1.0.0',
    summary: 'Remove one or more members from a set',
    arity: -3,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'delete')],
    run: srem,
  },
  {
    name: 'smove',
    group: 'set',
    since: '1.0.0',
    summary: 'Move a member from one set to another',
    arity: 4,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')],
    run: smove,
  },
  {
    name: 'sismember',
    group: 'set',
    since: '1.0.0',
    summary: 'Determine if a given value is a member of a set',
    arity: 3,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO')],
    run: sismember,
  },
  {
    name: 'smismember',
    group: 'set',
    since: '6.2.0',
    summary: 'Returns the membership associated with the given elements for a set',
    arity: -3,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: smismember,
  },
  {
    name: 'smembers',
    group: 'set',
    since: '1.0.0',
    summary: 'Get all the members in a set',
    arity: 2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: ['nondeterministic_output_order'],
    run: smembers,
  },
  {
    name: 'scard',
    group: 'set',
    since: '1.0.0',
    summary: 'Get the number of members in a set',
    arity: 2,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO')],
    run: scard,
  },
  {
    name: 'spop',
    group: 'set',
    since: '1.0.0',
    summary: 'Remove and return one or multiple random members from a set',
    arity: -2,
    flags: ['write', 'fast'],
    keySpecs: [keyAt(1, 'RW', 'access', 'delete')],
    tips: ['nondeterministic_output'],
    run: spop,
  },
  {
    name: 'srandmember',
    group: 'set',
    since: '1.0.0',
    summary: 'Get one or multiple random members from a set',
    arity: -2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: ['nondeterministic_output'],
    run: srandmember,
  },
  {
    name: 'sinter',
    group: 'set',
    since: '1.0.0',
    summary: 'Intersect multiple sets',
    arity: -2,
    flags: ['readonly'],
    keySpecs: [keysFrom(1, 'RO', 'access')],
    tips: ['nondeterministic_output_order'],
    run: sinter,
  },
  {
    name: 'sintercard',
    group: 'set',
    since: '7.0.0',
    summary: 'Intersect multiple sets and return the cardinality of the result',
    arity: -3,
    flags: ['readonly'],
    keySpecs: [countedKeys(1, 'RO', 'access')],
    run: sintercard,
  },
  {
    name: 'sinterstore',
    group: 'set',
    since: '1.0.0',
    summary: 'Intersect multiple sets and store the resulting set in a key',
    arity: -3,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'RW', 'update'), keysFrom(2, 'RO', 'access')],
    run: sinterstore,
  },
  {
    name: 'sunion',
    group: 'set',
    since: '1.0.0',
    summary: 'Add multiple sets',
    arity: -2,
    flags: ['readonly'],
    keySpecs: [keysFrom(1, 'RO', 'access')],
    tips: ['nondeterministic_output_order'],
    run: sunion,
  },
  {
    name: 'sunionstore',
    group: 'set',
    since: '1.0.0',
    summary: 'Add multiple sets and store the resulting set in a key',
    arity: -3,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'OW', 'update'), keysFrom(2, 'RO', 'access')],
    run: sunionstore,
  },
  {
    name: 'sdiff',
    group: 'set',
    since: '1.0.0',
    summary: 'Subtract multiple sets',
    arity: -2,
    flags: ['readonly'],
    keySpecs: [keysFrom(1, 'RO', 'access')],
    tips: ['nondeterministic_output_order'],
    run: sdiff,
  },
  {
    name: 'sdiffstore',
    group: 'set',
    since: '1.0.0',
    summary: 'Subtract multiple sets and store the resulting set in a key',
    arity: -3,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'OW', 'update'), keysFrom(2, 'RO', 'access')],
    run: sdiffstore,
  },
  {
    name: 'sscan',
    group: 'set',
    since: '2.8.0',
    summary: 'Incrementally iterate Set elements',
    arity: -3,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    tips: ['nondeterministic_output'],
    run: sscan,
  },
]

function sadd(context: CommandContext): void {
  const { argv, database, reply } = context
  const { set } = context.collections
  const record = context.findValue(1, 'set', 'write')
  if (record === WRONG_TYPE) return
  set.open(database, record === 0 ? createSetFor(context, 1, 2) : record)
  let added = 0
  for (let index = 2; index < argv.count; index += 1) {
    if (set.add(argv.bytes, argv.start(index), argv.length(index))) added += 1
  }
  if (added > 0) {
    context.modified(1)
    context.notify('set', 'sadd', 1)
    context.changed()
  }
  reply.integer(added)
}

/** An empty set at the key, in the encoding that suits its first member (t_set.c, setTypeCreate). */
function createSetFor(context: CommandContext, key: number, member: number): Handle {
  const { argv, database } = context
  const start = argv.start(key)
  const length = argv.length(key)
  if (!isCanonicalInt64(argv.bytes, argv.start(member), argv.length(member))) {
    const { sets } = context.structures
    return orFree(sets, sets.create(), (root) =>
      database.createRooted(argv.bytes, start, length, 'set', root),
    )
  }
  const record = database.createPacked(argv.bytes, start, length, 'set', EMPTY_INT_SET_BYTES)
  writeEmptyIntSet(database.bytes(record), database.valueStart(record))
  return record
}

function srem(context: CommandContext): void {
  const { argv, database, reply } = context
  const { set } = context.collections
  const record = context.findValue(1, 'set', 'write')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.integer(0)
  set.open(database, record)
  let deleted = 0
  for (let index = 2; index < argv.count && set.size > 0; index += 1) {
    if (set.remove(argv.bytes, argv.start(index), argv.length(index))) deleted += 1
  }
  if (deleted > 0) {
    const isEmpty = set.size === 0
    if (isEmpty) database.delete(argv.bytes, argv.start(1), argv.length(1))
    context.modified(1)
    context.notify('set', 'srem', 1)
    if (isEmpty) context.notify('generic', 'del', 1)
    context.changed()
  }
  reply.integer(deleted)
}

function smove(context: CommandContext): void {
  const { argv, database, reply } = context
  const { set, otherSet } = context.collections
  const source = database.findForWrite(argv.bytes, argv.start(1), argv.length(1))
  const target = database.findForWrite(argv.bytes, argv.start(2), argv.length(2))
  if (source === 0) return reply.integer(0)
  const isWrong =
    database.type(source) !== 'set' || (target !== 0 && database.type(target) !== 'set')
  if (isWrong) return reply.error(replyErrors.wrongType)
  const start = argv.start(3)
  const length = argv.length(3)
  set.open(database, source)
  if (source === target) return reply.integer(set.has(argv.bytes, start, length) ? 1 : 0)
  if (!set.has(argv.bytes, start, length)) return reply.integer(0)
  // First, for there may be no memory: then it is still where it was.
  otherSet.open(database, target === 0 ? createSetFor(context, 2, 3) : target)
  const isNew = otherSet.add(argv.bytes, start, length)
  set.remove(argv.bytes, start, length)
  context.notify('set', 'srem', 1)
  if (set.size === 0) {
    database.delete(argv.bytes, argv.start(1), argv.length(1))
    context.notify('generic', 'del', 1)
  }
  context.modified(1)
  if (isNew) {
    context.modified(2)
    context.notify('set', 'sadd', 2)
  }
  context.changed()
  reply.integer(1)
}

function sismember(context: CommandContext): void {
  const { argv, database, reply } = context
  const { set } = context.collections
  const record = context.findValue(1, 'set', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.integer(0)
  set.open(database, record)
  reply.integer(set.has(argv.bytes, argv.start(2), argv.length(2)) ? 1 : 0)
}

function smismember(context: CommandContext): void {
  const { argv, database, reply } = context
  const { set } = context.collections
  const record = context.findValue(1, 'set', 'read')
  if (record === WRONG_TYPE) return
  if (record !== 0) set.open(database, record)
  reply.array(argv.count - 2)
  for (let index = 2; index < argv.count; index += 1) {
    const isMember = record !== 0 && set.has(argv.bytes, argv.start(index), argv.length(index))
    reply.integer(isMember ? 1 : 0)
  }
}

function smembers(context: CommandContext): void {
  const { database, reply } = context
  const { set } = context.collections
  const record = context.findValue(1, 'set', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.set(0)
  set.open(database, record)
  reply.set(set.size)
  set.rewind()
  while (set.next()) set.member.replyTo(reply)
}

function scard(context: CommandContext): void {
  const { database, reply } = context
  const { set } = context.collections
  const record = context.findValue(1, 'set', 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.integer(0)
  set.open(database, record)
  reply.integer(set.size)
}
