import { integerArgument } from '../execution/arguments.ts'
import type { CommandSpec } from '../execution/command.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import { bitfieldKeys } from '../execution/key-extractors.ts'
import { keyAt, keysFrom, withNotes } from '../execution/key-spec.ts'
import type { Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { bitAt, countBits, findBit, setBitAt } from '../structures/bits.ts'
import { type BitOperation, combineBits } from '../structures/combine-bits.ts'
import { readBitOffset, roomForBit } from './bit-access.ts'
import { type BitRange, readBitRange } from './bit-range.ts'
import { bitfield } from './bitfield.ts'
import { findString } from './string-access.ts'

const OPERATIONS = { AND: 'and', OR: 'or', XOR: 'xor', NOT: 'not' } as const

export const bitmapCommands: readonly CommandSpec[] = [
  {
    name: 'setbit',
    group: 'bitmap',
    since: '2.2.0',
    summary: 'Sets or clears the bit at offset in the string value stored at key',
    arity: 4,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(1, 'RW', 'access', 'update')],
    run: setbit,
  },
  {
    name: 'getbit',
    group: 'bitmap',
    since: '2.2.0',
    summary: 'Returns the bit value at offset in the string value stored at key',
    arity: 3,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: getbit,
  },
  {
    name: 'bitcount',
    group: 'bitmap',
    since: '2.6.0',
    summary: 'Count set bits in a string',
    arity: -2,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: bitcount,
  },
  {
    name: 'bitpos',
    group: 'bitmap',
    since: '2.8.7',
    summary: 'Find first bit set or clear in a string',
    arity: -3,
    flags: ['readonly'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: bitpos,
  },
  {
    name: 'bitop',
    group: 'bitmap',
    since: '2.6.0',
    summary: 'Perform bitwise operations between strings',
    arity: -4,
    flags: ['write', 'denyoom'],
    keySpecs: [keyAt(2, 'OW', 'update'), keysFrom(3, 'RO', 'access')],
    run: bitop,
  },
  {
    name: 'bitfield',
    group: 'bitmap',
    since: '3.2.0',
    summary: 'Perform arbitrary bitfield integer operations on strings',
    arity: -2,
    flags: ['write', 'denyoom'],
    keySpecs: [
      withNotes(
        'This command allows both access and modification of the key',
        keyAt(1, 'RW', 'access', 'update', 'variable_flags'),
      ),
    ],
    extractKeys: bitfieldKeys,
    run: (context) => bitfield(context, 'any'),
  },
  {
    name: 'bitfield_ro',
    group: 'bitmap',
    since: '6.0.0',
    summary:
      'Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD',
    arity: -2,
    flags: ['readonly', 'fast'],
    keySpecs: [keyAt(1, 'RO', 'access')],
    run: (context) => bitfield(context, 'get'),
  },
]

function setbit(context: CommandContext): void {
  const { argv, database, reply } = context
  const offset = readBitOffset(context, 2, undefined)
  if (offset === undefined) return
  const bit = integerArgument(argv, 3)
  if (bit !== 0 && bit !== 1) return reply.error(replyErrors.bitNotInteger)
  const room = roomForBit(context, offset)
  if (room === undefined) return
  const bytes = database.bytes(room.record)
  const start = database.valueStart(room.record)
  const old = bitAt(bytes, start, offset)
  if (room.hasGrown || old !== bit) {
    setBitAt(bytes, start, offset, bit)
    context.modified(1)
    context.notify('string', 'setbit', 1)
    context.changed()
  }
  reply.integer(old)
}

function getbit(context: CommandContext): void {
  const { database, reply } = context
  const offset = readBitOffset(context, 2, undefined)
  if (offset === undefined) return
  const record = findString(context, 1, 'read')
  if (record === WRONG_TYPE) return
  const isInside = record !== 0 && offset < database.valueLength(record) * 8
  reply.integer(isInside ? bitAt(database.bytes(record), database.valueStart(record), offset) : 0)
}

/** A key that is not there has no bits, whatever the other arguments are. */
function bitcount(context: CommandContext): void {
  const { argv, database, reply } = context
  const record = findString(context, 1, 'read')
  if (record === WRONG_TYPE) return
  if (record === 0) return reply.integer(0)
  if (argv.count !== 2 && argv.count !== 4 && argv.count !== 5) {
    return reply.error(replyErrors.syntax)
  }
  const length = database.valueLength(record)
  if (argv.count === 2)
    return reply.integer(countRange(context, record, { first: 0, end: length * 8 }))
  const isBackwards = isBackwardsFromEnd(context)
  if (isBackwards === undefined) return reply.error(replyErrors.notInteger)
  if (isBackwards) return reply.integer(0)
  const places = argv.count === 5 ? { start: 2, end: 3, unit: 4 } : { start: 2, end: 3 }
  const range = readBitRange(context, length, places)
  if (range !== undefined) reply.integer(countRange(context, record, range))
}

/** Both from the end and in the wrong order: Redis answers before it reads the unit. */
function isBackwardsFromEnd({ argv }: CommandContext): boolean | undefined {
  const start = integerArgument(argv, 2)
  const end = integerArgument(argv, 3)
  if (Number.isNaN(start) || Number.isNaN(end)) return undefined
  return start < 0 && end < 0 && start > end
}

function countRange(
  { database }: CommandContext,
  record: Handle,
  { first, end }: BitRange,
): number {
  if (first >= end) return 0
  const bytes = database.bytes(record)
  const start = database.valueStart(record)
  const firstByte = Math.floor(first / 8)
  const lastByte = Math.floor((end - 1) / 8)
  let count = countBits(bytes, start + firstByte, lastByte - firstByte + 1)
  for (let bit = firstByte * 8; bit < first; bit += 1) count -= bitAt(bytes, start, bit)
  for (let bit = end; bit < (lastByte + 1) * 8; bit += 1) count -= bitAt(bytes, start, bit)
  return count
}

function bitpos(context: CommandContext): void {
  const { argv, database, reply } = context
  const bit = integerArgument(argv, 2)
  if (Number.isNaN(bit)) return reply.error(replyErrors.notInteger)
  if (bit !== 0 && bit !== 1) return reply.error(replyErrors.bitArgument)
  const record = database.find(argv.bytes, argv.start(1), argv.length(1))
  if (record === 0) return reply.integer(bit === 1 ? -1 : 0)
  if (!database.isString(record)) return reply.error(replyErrors.wrongType)
  if (argv.count > 6) return reply.error(replyErrors.syntax)
  const length = database.valueLength(record)
  const range =
    argv.count === 3
      ? { first: 0, end: length * 8 }
      : readBitRange(context, length, {
          start: 3,
          ...(argv.count > 4 ? { end: 4 } : {}),
          ...(argv.count > 5 ? { unit: 5 } : {}),
        })
  if (range === undefined) return
  const { first, end } = range
  if (first >= end) return reply.integer(-1)
  const found = findBit(database.bytes(record), database.valueStart(record), first, end, bit)
  // Without an end that was given, zeros follow the string.
  const isZeroBehind = found < 0 && bit === 0 && argv.count < 5
  reply.integer(isZeroBehind ? end : found)
}

function bitop(context: CommandContext): void {
  const { argv, database, reply } = context
  const operation = operationOf(context)
  if (operation === undefined) return reply.error(replyErrors.syntax)
  if (operation === 'not' && argv.count !== 4) return reply.error(replyErrors.bitopNot)
  const sources: Uint8Array[] = []
  for (let index = 3; index < argv.count; index += 1) {
    const record = findString(context, index, 'read')
    if (record === WRONG_TYPE) return
    if (record === 0) {
      sources.push(new Uint8Array(0))
      continue
    }
    const start = database.valueStart(record)
    sources.push(database.bytes(record).subarray(start, start + database.valueLength(record)))
  }
  const result = combineBits(operation, sources)
  store(context, result)
  reply.integer(result.length)
}

function operationOf({ argv }: CommandContext): BitOperation | undefined {
  if (argv.is(1, 'AND')) return OPERATIONS.AND
  if (argv.is(1, 'OR')) return OPERATIONS.OR
  if (argv.is(1, 'XOR')) return OPERATIONS.XOR
  return argv.is(1, 'NOT') ? OPERATIONS.NOT : undefined
}

/** An empty result is no key at all. */
function store(context: CommandContext, result: Uint8Array): void {
  const { argv, database } = context
  const start = argv.start(2)
  const length = argv.length(2)
  if (result.length > 0) {
    const record = database.setString(argv.bytes, start, length, result, 0, result.length, 0)
    // Redis 7.0 looks for no shorter encoding of a result.
    database.setStringForm(record, 'changed')
    context.modified(2)
    context.notify('string', 'set', 2)
    context.changed()
  } else if (database.delete(argv.bytes, start, length)) {
    context.modified(2)
    context.notify('generic', 'del', 2)
    context.changed()
  }
}
