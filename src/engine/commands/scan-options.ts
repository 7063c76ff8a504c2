import { integerArgument } from '../execution/arguments.ts'
import type { CommandContext } from '../execution/context.ts'
import { replyErrors } from '../protocol/reply-errors.ts'

const SCAN_COUNT = 10

export interface ScanOptions {
  count: number
  /** Absent when everything matches. */
  pattern?: string
  type?: string
}

/** The cursor of SCAN, HSCAN, SSCAN or ZSCAN; undefined after an error, which has been written. */
export function readScanCursor(context: CommandContext, argument: number): number | undefined {
  const cursor = integerArgument(context.argv, argument)
  // Redis reads 64 bits; tables here have at most 32, and a cursor beyond them starts anew.
  if (cursor >= 0) return cursor >>> 0
  context.reply.error(replyErrors.invalidCursor)
  return undefined
}

/** The options from this argument on; undefined after an error. TYPE is only for SCAN. */
export function readScanOptions(
  context: CommandContext,
  first: number,
  allowsType = false,
): ScanOptions | undefined {
  const { argv, reply } = context
  const options: ScanOptions = { count: SCAN_COUNT }
  for (let index = first; index < argv.count; index += 2) {
    const hasValue = index + 1 < argv.count
    if (argv.is(index, 'COUNT') && hasValue) {
      options.count = integerArgument(argv, index + 1)
      if (Number.isNaN(options.count)) {
        reply.error(replyErrors.notInteger)
        return undefined
      }
    } else if (argv.is(index, 'MATCH') && hasValue) setPattern(options, argv.latin1(index + 1))
    else if (argv.is(index, 'TYPE') && hasValue && allowsType)
      options.type = argv.latin1(index + 1).toLowerCase()
    else options.count = 0
    if (options.count >= 1) continue
    reply.error(replyErrors.syntax)
    return undefined
  }
  return options
}

function setPattern(options: ScanOptions, pattern: string): void {
  if (pattern === '*') delete options.pattern
  else options.pattern = pattern
}
