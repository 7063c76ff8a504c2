import { int64Argument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { readField, writeField } from '../structures/bits.ts'
import { INT64_MAX } from '../structures/int64.ts'
import { readBitOffset, roomForBit } from './bit-access.ts'
import { findString } from './string-access.ts'

type Overflow = 'wrap' | 'sat' | 'fail'

interface FieldOperation {
  readonly kind: 'get' | 'set' | 'incrby'
  readonly isSigned: boolean
  readonly width: number
  readonly offset: number
  /** What to set, or to add. */
  readonly value: bigint
  readonly overflow: Overflow
}

const FIELD_TYPE = /^([iu])([1-9]\d?)$/
const NOTHING = { bytes: new Uint8Array(0), start: 0, length: 0 }

/** BITFIELD, and BITFIELD_RO, which takes nothing but GET. */
export function bitfield(context: CommandContext, allowed: 'any' | 'get'): void {
  const { reply } = context
  const operations = readOperations(context)
  if (operations === undefined) return
  const writes = operations.filter(({ kind }) => kind !== 'get')
  if (writes.length === 0) {
    const record = findString(context, 1, 'read')
    if (record === WRONG_TYPE) return
    reply.array(operations.length)
    for (const operation of operations) reply.integer(fieldOf(context, record, operation))
    return
  }
  if (allowed === 'get') return reply.error(replyErrors.bitfieldReadOnly)
  const lastBit = Math.max(...writes.map(({ offset, width }) => offset + width - 1))
  const room = roomForBit(context, lastBit)
  if (room === undefined) return
  reply.array(operations.length)
  let hasChanged = false
  for (const operation of operations) {
    if (operation.kind === 'get') reply.integer(fieldOf(context, room.record, operation))
    else if (change(context, room, operation)) hasChanged = true
  }
  if (hasChanged) {
    context.modified(1)
    context.notify('string', 'setbit', 1)
  }
  // Where OVERFLOW FAIL has refused everything, the string has grown all the same: Redis 7.0 tells its replicas nothing.
  if (hasChanged || room.hasGrown) context.changed()
}

/** Answers SET with the old and INCRBY with the new value; false when nothing is different now. */
function change(
  context: CommandContext,
  { record, hasGrown }: { readonly record: Handle; readonly hasGrown: boolean },
  operation: FieldOperation,
): boolean {
  const { database, reply } = context
  const { kind, width, offset, value } = operation
  const old = fieldOf(context, record, operation)
  const field = fit(kind === 'set' ? value : old + value, operation)
  if (field === undefined) {
    reply.null()
    return false
  }
  reply.integer(kind === 'set' ? old : field)
  writeField(database.bytes(record), database.valueStart(record), offset, { width, field })
  return hasGrown || field !== old
}

function fieldOf({ database }: CommandContext, record: Handle, operation: FieldOperation): bigint {
  const { offset, width, isSigned } = operation
  const value =
    record === 0
      ? NOTHING
      : {
          bytes: database.bytes(record),
          start: database.valueStart(record),
          length: database.valueLength(record),
        }
  const field = readField(value, offset, width)
  return isSigned ? BigInt.asIntN(width, field) : field
}

/** What becomes of a number that the field may be too small for; `undefined` for OVERFLOW FAIL. */
function fit(
  value: bigint,
  { isSigned, width, overflow, kind }: FieldOperation,
): bigint | undefined {
  // An unsigned SET takes its 64 bits as they are: -1 is the largest number.
  const wanted = !isSigned && kind === 'set' ? BigInt.asUintN(64, value) : value
  const max = isSigned ? 2n ** BigInt(width - 1) - 1n : 2n ** BigInt(width) - 1n
  const min = isSigned ? -max - 1n : 0n
  if (wanted >= min && wanted <= max) return wanted
  if (overflow === 'fail') return undefined
  if (overflow === 'sat') {
    const isTooLarge = wanted > max || (isSigned && kind === 'set' && isFarBelow(wanted, max))
    return isTooLarge ? max : min
  }
  return isSigned ? BigInt.asIntN(width, wanted) : BigInt.asUintN(width, wanted)
}

/** Redis 7.0 subtracts in 64 bits, so that the smallest numbers look too large to it (bitops.c). */
function isFarBelow(wanted: bigint, max: bigint): boolean {
  return max - wanted > INT64_MAX
}

/** `undefined` once the error is written. */
function readOperations(context: CommandContext): readonly FieldOperation[] | undefined {
  const { argv, reply } = context
  const operations: FieldOperation[] = []
  let overflow: Overflow = 'wrap'
  for (let index = 2; index < argv.count; ) {
    const left = argv.count - index - 1
    if (argv.is(index, 'OVERFLOW') && left >= 1) {
      const given = overflowOf(context, index + 1)
      if (given === undefined) {
        reply.error(replyErrors.bitfieldOverflow)
        return undefined
      }
      overflow = given
      index += 2
      continue
    }
    const kind = kindOf(context, index, left)
    if (kind === undefined) {
      reply.error(replyErrors.syntax)
      return undefined
    }
    const operation = readOperation(context, index, { kind, overflow })
    if (operation === undefined) return undefined
    operations.push(operation)
    index += kind === 'get' ? 3 : 4
  }
  return operations
}

function kindOf(
  { argv }: CommandContext,
  index: number,
  left: number,
): FieldOperation['kind'] | undefined {
  if (argv.is(index, 'GET') && left >= 2) return 'get'
  if (argv.is(index, 'SET') && left >= 3) return 'set'
  return argv.is(index, 'INCRBY') && left >= 3 ? 'incrby' : undefined
}

function overflowOf({ argv }: CommandContext, index: number): Overflow | undefined {
  if (argv.is(index, 'WRAP')) return 'wrap'
  if (argv.is(index, 'SAT')) return 'sat'
  return argv.is(index, 'FAIL') ? 'fail' : undefined
}

function readOperation(
  context: CommandContext,
  index: number,
  { kind, overflow }: Pick<FieldOperation, 'kind' | 'overflow'>,
): FieldOperation | undefined {
  const { argv, reply } = context
  const type = FIELD_TYPE.exec(argv.latin1(index + 1))
  const isSigned = type?.[1] === 'i'
  const width = Number(type?.[2] ?? 0)
  if (width < 1 || width > (isSigned ? 64 : 63)) {
    reply.error(replyErrors.bitfieldType)
    return undefined
  }
  const offset = readBitOffset(context, index + 2, width)
  if (offset === undefined) return undefined
  const value = kind === 'get' ? 0 : int64Argument(argv, index + 3)
  if (value === undefined) {
    reply.error(replyErrors.notInteger)
    return undefined
  }
  return { kind, isSigned, width, offset, value: BigInt(value), overflow }
}
