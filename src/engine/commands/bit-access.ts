import { integerArgument } from '../execution/arguments.ts'
import { type CommandContext, WRONG_TYPE } from '../execution/context.ts'
import type { Handle } from '../keyspace/database.ts'
import { replyErrors } from '../protocol/reply-errors.ts'
import { int64Of } from '../structures/int64.ts'
import { findString } from './string-access.ts'

const NUMBER_SIGN = 0x23

/**
 * A place in bits; with a `width`, `#3` is three times so far. `undefined` once the error is written.
 */
export function readBitOffset(
  context: CommandContext,
  argument: number,
  width: number | undefined,
): number | undefined {
  const { argv, reply, services } = context
  const isCounted =
    width !== undefined &&
    argv.length(argument) > 0 &&
    argv.bytes[argv.start(argument)] === NUMBER_SIGN
  const given = isCounted
    ? Number(int64Of(argv.bytes, argv.start(argument) + 1, argv.length(argument) - 1) ?? Number.NaN)
    : integerArgument(argv, argument)
  const offset = isCounted ? given * width : given
  const bytesMax = services.config.integer('proto-max-bulk-len')
  if (offset >= 0 && Math.floor(offset / 8) < bytesMax) return offset
  reply.error(replyErrors.bitOffset)
  return undefined
}

/** The string at argument 1 with room up to this bit; `undefined` once the error is written. */
export function roomForBit(
  context: CommandContext,
  bit: number,
): { readonly record: Handle; readonly hasGrown: boolean } | undefined {
  const { argv, database } = context
  const found = findString(context, 1, 'write')
  if (found === WRONG_TYPE) return undefined
  const oldLength = found === 0 ? 0 : database.valueLength(found)
  const length = Math.max(oldLength, Math.floor(bit / 8) + 1)
  const record =
    found === 0
      ? database.createBlank(argv.bytes, argv.start(1), argv.length(1), length)
      : database.resizeString(found, length)
  return { record, hasGrown: length > oldLength }
}
