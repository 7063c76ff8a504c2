import { replyErrors } from '../protocol/reply-errors.ts'
import { integerArgument } from './arguments.ts'
import type { CommandContext } from './context.ts'

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const HEXADECIMAL = /^0x[\da-f]+$/i
const INFINITY = /^\+?inf(?:inity)?$/i
/** Redis counts in 64-bit integers: beyond them it reads a negative number. */
const MS_MAX = 2 ** 63

/**
 * A timeout in seconds, with a fraction or without, as an instant; 0 stays 0: for ever. Undefined after an
 * error, which has been written (timeout.c, getTimeoutFromObjectOrReply).
 */
export function secondsToDeadline(context: CommandContext, argument: number): number | undefined {
  const ms = Math.ceil(secondsOf(context.argv.latin1(argument)) * 1_000)
  if (Number.isNaN(ms)) context.reply.error(replyErrors.timeoutNotFloat)
  else if (ms < 0 || ms >= MS_MAX) context.reply.error(replyErrors.timeoutNegative)
  else return ms === 0 ? 0 : ms + context.nowMs
  return undefined
}

/** The same of a whole number of milliseconds: XREAD's BLOCK. */
export function millisecondsToDeadline(
  context: CommandContext,
  argument: number,
): number | undefined {
  const ms = integerArgument(context.argv, argument)
  if (Number.isNaN(ms)) context.reply.error(replyErrors.timeoutNotInteger)
  else if (ms < 0) context.reply.error(replyErrors.timeoutNegative)
  else return ms === 0 ? 0 : ms + context.nowMs
  return undefined
}

function secondsOf(text: string): number {
  if (DECIMAL.test(text) || HEXADECIMAL.test(text)) return Number(text)
  return INFINITY.test(text) ? Number.POSITIVE_INFINITY : Number.NaN
}
